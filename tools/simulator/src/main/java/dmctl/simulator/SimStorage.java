package dmctl.simulator;

import dmctl.engine.port.ExtentList;
import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.engine.port.Storage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A disk opened by a process. What the engine must not do with a storage is a violation. */
final class SimStorage implements Storage {
    private static final int EINVAL = 22;

    final SimDisk disk;
    private final SimThread thread;
    private final SimRandom random;
    private final int blockSize;
    private final List<Io> busy = new ArrayList<>();
    private boolean closed;
    private boolean readsMayMeetWrites;
    private boolean revoked;
    private final List<DiskWrite> underWay = new ArrayList<>();

    SimStorage(SimDisk disk, SimThread thread, SimRandom random, int blockSize) {
        this.disk = disk;
        this.thread = thread;
        this.random = random;
        this.blockSize = blockSize;
    }

    /** A read may overlap a write under way: each sector is then old or new. */
    void letReadsMeetWrites() {
        readsMayMeetWrites = true;
    }

    /** The disk is no longer visible to this process: everything fails from now on. */
    void revoke() {
        revoked = true;
        for (DiskWrite write : underWay) {
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
        return disk.content.bytes();
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
        boolean inside = io.offset >= 0 && length > 0 && io.offset + length <= disk.content.bytes();
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
        DiskWrite write = capture(io);
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

    private static DiskWrite capture(Io io) {
        int length = (int) length(io);
        byte[][] parts =
                io.op == Io.Op.WRITE ? Pages.capture(buffer(io), (int) io.offset, length) : null;
        return new DiskWrite((int) io.offset, length, parts);
    }

    private void checkUnchanged(Io io, DiskWrite write) {
        if (write.parts != null && !write.equalTo(buffer(io))) {
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
                        disk.covered(applied);
                    } else {
                        disk.flushFailed(covers, random);
                    }
                    end(io, error);
                });
    }

    private void read(Io io, boolean valid) {
        int error = valid ? disk.faults.readError(io.offset, length(io)) : EINVAL;
        if (error == 0) {
            ByteBuffer buffer = buffer(io);
            disk.content.read((int) io.offset, buffer.remaining(), buffer, buffer.position());
            for (DiskWrite write : disk.inFlight) {
                mix(buffer, (int) io.offset, write);
            }
        }
        end(io, error);
    }

    /** Sectors of a write that is under way may be there already. */
    private void mix(ByteBuffer buffer, int offset, DiskWrite write) {
        if (!write.overlaps(offset, buffer.remaining())) {
            return;
        }
        int from = Math.max(offset, write.offset);
        int to = Math.min(offset + buffer.remaining(), write.offset + write.length);
        for (int at = from; at < to; at += Stamp.SECTOR) {
            if (random.oneIn(2)) {
                write.readSector(at, buffer, buffer.position() + at - offset);
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
            list.add(Stamp.SECTOR, disk.content.isZeroSector((int) at));
        }
        end(io, 0);
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
