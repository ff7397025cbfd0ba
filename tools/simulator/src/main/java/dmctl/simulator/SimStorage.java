package dmctl.simulator;

import dmctl.engine.port.ExtentList;
import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.engine.port.Storage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A disk opened by a process. What the engine must not do with a storage is a violation. */
final class SimStorage implements Storage {
    /** Told of every write before it starts, for observers of the log. */
    interface WriteTap {
        void writing(SimStorage storage, long offset, byte[] data);
    }

    private static final int EINVAL = 22;

    final SimDisk disk;
    private final SimThread thread;
    private final SimRandom random;
    private final int blockSize;
    private final List<Io> busy = new ArrayList<>();
    private @Nullable WriteTap tap;
    private boolean closed;
    private boolean readsMayMeetWrites;
    private boolean revoked;
    private final List<SimDisk.Write> underWay = new ArrayList<>();

    SimStorage(SimDisk disk, SimThread thread, SimRandom random, int blockSize) {
        this.disk = disk;
        this.thread = thread;
        this.random = random;
        this.blockSize = blockSize;
    }

    void setTap(WriteTap tap) {
        this.tap = tap;
    }

    /** A read may overlap a write under way: each sector is then old or new. */
    void letReadsMeetWrites() {
        readsMayMeetWrites = true;
    }

    /** The disk is no longer visible to this process: everything fails from now on. */
    void revoke() {
        revoked = true;
        for (SimDisk.Write write : underWay) {
            disk.inFlight.remove(write);
        }
    }

    SimThread thread() {
        return thread;
    }

    /**
     * Whether its lock is released: after a close not before the last write under way has ended.
     */
    boolean isReleased() {
        return (closed && underWay.isEmpty()) || !thread.alive();
    }

    @Override
    public String name() {
        return disk.name;
    }

    @Override
    public long sizeBytes() {
        return disk.content.length;
    }

    @Override
    public boolean hasVolatileCache() {
        return disk.volatileCache;
    }

    @Override
    public void submit(Io io) {
        if (closed) {
            throw new Violation(disk.name + " is used after its close: " + describe(io));
        }
        if (io.done == null || busy.contains(io)) {
            throw new Violation(disk.name + " is given an operation twice or without receiver");
        }
        long length = length(io);
        checkOverlap(io, length);
        boolean valid = io.op == Io.Op.FLUSH || inRange(io, length);
        busy.add(io);
        switch (io.op) {
            case READ -> thread.after(delay(disk.faults.readNanos, length), () -> read(io, valid));
            case WRITE, ZERO -> startWrite(io, valid);
            case FLUSH -> startFlush(io);
            case EXTENTS -> thread.after(delay(disk.faults.readNanos, 0), () -> extents(io, valid));
        }
    }

    private boolean inRange(Io io, long length) {
        boolean inside = io.offset >= 0 && length > 0 && io.offset + length <= disk.content.length;
        return inside && io.offset % blockSize == 0 && length % blockSize == 0;
    }

    private static long length(Io io) {
        return switch (io.op) {
            case READ, WRITE -> buffer(io).remaining();
            case ZERO, EXTENTS -> io.length;
            case FLUSH -> 0;
        };
    }

    private static ByteBuffer buffer(Io io) {
        ByteBuffer buffer = io.buffer;
        if (buffer == null || !buffer.isDirect()) {
            throw new Violation("an operation without a direct buffer: " + describe(io));
        }
        if (buffer.hasRemaining() && buffer.alignmentOffset(buffer.position(), 512) != 0) {
            throw new Violation("a buffer that is not aligned: " + describe(io));
        }
        return buffer;
    }

    private static String describe(Io io) {
        return io.op + " at " + io.offset + " length " + io.length + " buffer " + io.buffer;
    }

    private void checkOverlap(Io io, long length) {
        boolean writes = io.op == Io.Op.WRITE || io.op == Io.Op.ZERO;
        for (Io other : busy) {
            boolean otherWrites = other.op == Io.Op.WRITE || other.op == Io.Op.ZERO;
            boolean allowed =
                    readsMayMeetWrites ? !writes || !otherWrites : !writes && !otherWrites;
            if (allowed) {
                continue;
            }
            if (io.offset < other.offset + length(other) && other.offset < io.offset + length) {
                throw new Violation(
                        disk.name
                                + " is given overlapping operations: "
                                + describe(other)
                                + " and "
                                + describe(io));
            }
        }
    }

    private long delay(long mean, long bytes) {
        return (random.around(mean) + bytes) * disk.faults.slowness;
    }

    private void startWrite(Io io, boolean valid) {
        if (!valid) {
            thread.after(delay(disk.faults.writeNanos, 0), () -> end(io, EINVAL));
            return;
        }
        if (revoked) {
            thread.after(delay(disk.faults.writeNanos, 0), () -> end(io, DiskFaults.EIO));
            return;
        }
        SimDisk.Write write = capture(io);
        if (tap != null && write.data != null) {
            tap.writing(this, io.offset, write.data);
        }
        disk.inFlight.add(write);
        underWay.add(write);
        thread.after(
                delay(disk.faults.writeNanos, write.length),
                () -> {
                    underWay.remove(write);
                    checkUnchanged(io, write);
                    if (!disk.inFlight.remove(write) || revoked) {
                        // Lost with the disk's power, or out of this process's hands.
                        end(io, DiskFaults.EIO);
                        return;
                    }
                    int error = disk.faults.writeError();
                    if (error == 0) {
                        disk.apply(write);
                    } else {
                        disk.applySome(write, random, random.below(101));
                    }
                    end(io, error);
                });
    }

    private static SimDisk.Write capture(Io io) {
        int length = (int) length(io);
        byte[] data = null;
        if (io.op == Io.Op.WRITE) {
            ByteBuffer buffer = buffer(io);
            data = new byte[length];
            buffer.get(buffer.position(), data);
        }
        return new SimDisk.Write((int) io.offset, length, data);
    }

    private void checkUnchanged(Io io, SimDisk.Write write) {
        if (write.data != null && !buffer(io).equals(ByteBuffer.wrap(write.data))) {
            throw new Violation(disk.name + ": the bytes changed during " + describe(io));
        }
    }

    private void startFlush(Io io) {
        long covers = disk.writesEnded();
        int applied = disk.writesApplied();
        thread.after(
                delay(disk.faults.flushNanos, 0),
                () -> {
                    int error = disk.faults.flushError();
                    if (revoked) {
                        end(io, DiskFaults.EIO);
                        return;
                    }
                    if (error == 0) {
                        disk.flushed(covers);
                        disk.witness(applied);
                    } else {
                        disk.flushFailed(covers, random);
                    }
                    end(io, error);
                });
    }

    private void read(Io io, boolean valid) {
        int error = valid ? disk.faults.readError() : EINVAL;
        if (error == 0) {
            ByteBuffer buffer = buffer(io);
            buffer.put(buffer.position(), disk.content, (int) io.offset, buffer.remaining());
            for (SimDisk.Write write : disk.inFlight) {
                mix(buffer, (int) io.offset, write);
            }
        }
        end(io, error);
    }

    /** Sectors of a write that is under way may be there already. */
    private void mix(ByteBuffer buffer, int offset, SimDisk.Write write) {
        if (!write.overlaps(offset, buffer.remaining())) {
            return;
        }
        int from = Math.max(offset, write.offset);
        int to = Math.min(offset + buffer.remaining(), write.offset + write.length);
        for (int at = from; at < to; at += Stamp.SECTOR) {
            if (random.oneIn(2)) {
                int target = buffer.position() + at - offset;
                byte[] data = write.data == null ? new byte[write.length] : write.data;
                buffer.put(target, data, at - write.offset, Stamp.SECTOR);
            }
        }
    }

    private void extents(Io io, boolean valid) {
        ExtentList list = io.extents;
        if (!valid || list == null) {
            end(io, EINVAL);
            return;
        }
        list.clear();
        for (long at = io.offset; at < io.offset + io.length; at += Stamp.SECTOR) {
            list.add(Stamp.SECTOR, zero((int) at));
        }
        end(io, 0);
    }

    private boolean zero(int at) {
        for (int i = at; i < at + Stamp.SECTOR; i++) {
            if (disk.content[i] != 0) {
                return false;
            }
        }
        return true;
    }

    private void end(Io io, int error) {
        busy.remove(io);
        io.error = revoked ? DiskFaults.EIO : error;
        IoDone done = io.done;
        if (done != null) {
            done.ioDone(io);
        }
    }

    @Override
    public void close() {
        if (closed) {
            throw new Violation(disk.name + " is closed twice");
        }
        closed = true;
    }
}
