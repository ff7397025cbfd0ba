package dmctl.engine;

import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.engine.port.Storage;
import dmctl.replog.LogLayout;
import dmctl.replog.RegionPage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A disk in memory with a volatile cache. Operations take effect, in order, when the lab says so;
 * what is held stays under way.
 */
final class LabDisk {
    private static final int EIO = 5;

    /** A write in the volatile cache. */
    private record Cached(int offset, ByteBuffer bytes) {}

    /** An operation under way, and how many writes a flush of now covers. */
    private record Pending(LabSite by, Io io, long covers) {}

    final String name;
    private final boolean isLog;
    private final byte[] content;
    private final byte[] durable;
    private final List<Cached> cache = new ArrayList<>();
    private final ArrayDeque<Pending> pending = new ArrayDeque<>();
    private final Set<Io.Op> held = EnumSet.noneOf(Io.Op.class);
    private final Set<String> heldByName = new HashSet<>();
    private final Map<Io.Op, Integer> broken = new EnumMap<>(Io.Op.class);
    private Io.Op brokenOp = Io.Op.FLUSH;
    private int brokenFrom;
    private int brokenTo;
    private final List<String> trace;
    private long writesEnded;
    private long writesFlushed;
    private int writes;
    private int flushes;

    LabDisk(String name, int bytes, boolean isLog, List<String> trace) {
        this.name = name;
        this.isLog = isLog;
        this.trace = trace;
        content = new byte[bytes];
        durable = new byte[bytes];
    }

    /** From now on operations of this kind do not end. */
    void hold(Io.Op op) {
        held.add(op);
    }

    /** From now on operations that the trace calls so do not end. */
    void hold(String operation) {
        heldByName.add(operation);
    }

    private boolean isHeld(Pending each) {
        return held.contains(each.io().op)
                || (!heldByName.isEmpty() && heldByName.contains(describe(each.io())));
    }

    void release(String operation) {
        heldByName.remove(operation);
    }

    void release() {
        held.clear();
        heldByName.clear();
    }

    /** From now on operations of this kind end with EIO. */
    void breakDown(Io.Op op) {
        broken.put(op, EIO);
    }

    /** From now on reads, or writes, that touch a range end with EIO. */
    void breakDown(Io.Op op, int from, int length) {
        brokenOp = op;
        brokenFrom = from;
        brokenTo = from + length;
    }

    private boolean isBroken(Io io) {
        return io.op == brokenOp && io.offset < brokenTo && brokenFrom < io.offset + bytes(io);
    }

    short shortAt(int offset) {
        return ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getShort(offset);
    }

    void mend() {
        brokenTo = 0;
        broken.clear();
    }

    int bytes() {
        return content.length;
    }

    /** Where the region map of a log begins, and how many pages it has. */
    int mapOffset() {
        return (int) ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getLong(136);
    }

    int mapPages() {
        return ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getInt(144);
    }

    int writes() {
        return writes;
    }

    int flushes() {
        return flushes;
    }

    /** What readers see: a letter for each sector full of it, a dot for zeroes. */
    String image() {
        return Letters.read(content, 0, content.length);
    }

    /** What a power cut leaves. */
    String durableImage() {
        return Letters.read(durable, 0, durable.length);
    }

    /** Fills the disk, durably. */
    void fill(String letters) {
        byte[] bytes = Letters.bytes(letters);
        System.arraycopy(bytes, 0, content, 0, bytes.length);
        System.arraycopy(bytes, 0, durable, 0, bytes.length);
    }

    /** Turns one bit of something at rest. */
    void flipBit(int offset) {
        flipBit(offset, 0);
    }

    void flipBit(int offset, int bit) {
        content[offset] ^= (byte) (1 << bit);
        durable[offset] ^= (byte) (1 << bit);
    }

    /** A copy of what stands there. */
    byte[] read(int offset, int bytes) {
        return Arrays.copyOfRange(content, offset, offset + bytes);
    }

    /** Overwrites something at rest. */
    void scribble(int offset, byte[] bytes) {
        System.arraycopy(bytes, 0, content, offset, bytes.length);
        System.arraycopy(bytes, 0, durable, offset, bytes.length);
    }

    /** Takes over what another disk holds at rest. */
    void copyFrom(LabDisk other) {
        System.arraycopy(other.content, 0, content, 0, content.length);
        System.arraycopy(other.durable, 0, durable, 0, durable.length);
    }

    /** The first place of some bytes, -1 if they are not on the disk. */
    int find(byte[] bytes) {
        for (int at = 0; at + bytes.length <= content.length; at += LabSite.SECTOR) {
            if (Arrays.equals(content, at, at + bytes.length, bytes, 0, bytes.length)) {
                return at;
            }
        }
        return -1;
    }

    /** The process is gone: what it had under way never happens. */
    void dropPendingOf(LabSite by) {
        pending.removeIf(each -> each.by() == by);
    }

    /** Of the last write only so many bytes get to the disk before the power goes. */
    void tear(int bytes) {
        Cached last = cache.getLast();
        last.bytes().get(0, durable, last.offset(), bytes);
    }

    /** What was not flushed is gone. */
    void powerCut() {
        pending.clear();
        cache.clear();
        writesFlushed = writesEnded;
        System.arraycopy(durable, 0, content, 0, content.length);
    }

    /** What was not flushed stays readable, but no flush makes it durable any more. */
    void forgetCache() {
        cache.clear();
        writesFlushed = writesEnded;
    }

    boolean busy() {
        return pending.stream().anyMatch(each -> !isHeld(each));
    }

    /** Ends all operations under way that are not held; true if there were any. */
    boolean run() {
        List<Pending> ready = new ArrayList<>();
        List<Pending> kept = new ArrayList<>();
        while (!pending.isEmpty()) {
            Pending each = pending.poll();
            (isHeld(each) ? kept : ready).add(each);
        }
        pending.addAll(kept);
        for (Pending each : ready) {
            if (each.by().isRunning()) {
                end(each);
            }
        }
        return !ready.isEmpty();
    }

    private void end(Pending each) {
        Io io = each.io();
        io.error = isBroken(io) ? EIO : broken.getOrDefault(io.op, 0);
        if (io.error == 0) {
            apply(io, each.covers());
        }
        IoDone done = io.done;
        if (done == null) {
            throw new AssertionError("nobody is told of " + io.op + " of " + name);
        }
        done.ioDone(io);
        each.by().operationEnded();
    }

    private void apply(Io io, long covers) {
        trace.add(describe(io));
        switch (io.op) {
            case READ -> buffer(io).duplicate().put(content, (int) io.offset, bytes(io));
            case WRITE -> {
                byte[] data = new byte[bytes(io)];
                buffer(io).get(buffer(io).position(), data);
                write((int) io.offset, data);
            }
            case ZERO -> write((int) io.offset, new byte[(int) io.length]);
            case FLUSH -> flushed(covers);
            case EXTENTS -> {
                if (io.extents == null) {
                    throw new AssertionError("extents without a list");
                }
                io.extents.add(io.length, false);
            }
        }
    }

    private void write(int offset, byte[] data) {
        writes++;
        writesEnded++;
        cache.add(new Cached(offset, ByteBuffer.wrap(data)));
        System.arraycopy(data, 0, content, offset, data.length);
    }

    private void flushed(long covers) {
        flushes++;
        while (writesFlushed < covers) {
            Cached first = cache.removeFirst();
            first.bytes().get(0, durable, first.offset(), first.bytes().capacity());
            writesFlushed++;
        }
    }

    private static ByteBuffer buffer(Io io) {
        ByteBuffer buffer = io.buffer;
        if (buffer == null || !buffer.isDirect()) {
            throw new AssertionError("an operation without a direct buffer");
        }
        return buffer;
    }

    private static int bytes(Io io) {
        return switch (io.op) {
            case READ, WRITE -> buffer(io).remaining();
            case ZERO, EXTENTS -> (int) io.length;
            case FLUSH -> 0;
        };
    }

    private String describe(Io io) {
        String what = io.op.name().toLowerCase(java.util.Locale.ROOT);
        if (io.op == Io.Op.FLUSH) {
            return name + " flush";
        }
        if (!isLog) {
            return name + " " + what + " " + io.offset / LabSite.SECTOR;
        }
        return area(io.offset) + " " + what;
    }

    private String area(long offset) {
        if (offset < LogLayout.LINK_CURSORS_OFFSET) {
            return "superblock";
        }
        if (offset < LogLayout.CHECKPOINT_OFFSET) {
            return "cursors";
        }
        int map = (int) LogLayout.CHECKPOINT_OFFSET + 2 * LogLayout.DEFAULT_CHECKPOINT_BYTES;
        if (offset < map) {
            return "checkpoint";
        }
        return offset < map + 2L * RegionPage.BYTES * mapPages() ? "map" : "ring";
    }

    Storage open(LabSite by) {
        return new Opened(by);
    }

    private final class Opened implements Storage {
        private final LabSite by;
        private boolean closed;

        Opened(LabSite by) {
            this.by = by;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public long sizeBytes() {
            return content.length;
        }

        @Override
        public boolean hasVolatileCache() {
            return true;
        }

        @Override
        public void submit(Io io) {
            if (closed) {
                throw new AssertionError(name + " is used after its close");
            }
            for (Pending other : pending) {
                if (other.io() == io || overlap(other.io(), io)) {
                    throw new AssertionError(name + ": two operations at once on one range");
                }
            }
            pending.add(new Pending(by, io, writesEnded));
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private static boolean overlap(Io one, Io other) {
        boolean writes = changes(one) || changes(other);
        return writes
                && one.op != Io.Op.FLUSH
                && other.op != Io.Op.FLUSH
                && one.offset < other.offset + bytes(other)
                && other.offset < one.offset + bytes(one);
    }

    private static boolean changes(Io io) {
        return io.op == Io.Op.WRITE || io.op == Io.Op.ZERO;
    }
}
