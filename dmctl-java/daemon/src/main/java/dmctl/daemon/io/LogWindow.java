package dmctl.daemon.io;

import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.engine.port.Storage;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** A part of a storage that is all there is to see of it. On the thread of the group. */
final class LogWindow implements Storage {
    /** An offset that no storage reaches. */
    private static final long OUTSIDE = Long.MAX_VALUE / 2;

    private final Storage whole;
    private final long startBytes;
    private final long sizeBytes;
    private final ArrayDeque<Return> idle = new ArrayDeque<>();

    LogWindow(Storage whole, long startBytes, long sizeBytes) {
        if (startBytes < 0 || sizeBytes < 0 || startBytes > whole.sizeBytes() - sizeBytes) {
            throw new IllegalArgumentException(
                    whole.name() + " has no " + sizeBytes + " bytes at " + startBytes);
        }
        this.whole = whole;
        this.startBytes = startBytes;
        this.sizeBytes = sizeBytes;
    }

    /** Puts an operation back as it was given. */
    private final class Return implements IoDone {
        private long offset;
        private @Nullable IoDone done;

        @Override
        public void ioDone(Io io) {
            IoDone told = done;
            io.offset = offset;
            io.done = told;
            done = null;
            idle.add(this);
            if (told != null) {
                told.ioDone(io);
            }
        }
    }

    @Override
    public String name() {
        return whole.name();
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public boolean hasVolatileCache() {
        return whole.hasVolatileCache();
    }

    @Override
    public void submit(Io io) {
        Return back = idle.isEmpty() ? new Return() : idle.remove();
        back.offset = io.offset;
        back.done = io.done;
        io.done = back;
        if (io.offset >= 0) {
            io.offset = io.offset <= sizeBytes - length(io) ? io.offset + startBytes : OUTSIDE;
        }
        whole.submit(io);
    }

    private static long length(Io io) {
        return switch (io.op) {
            case READ, WRITE -> io.buffer == null ? 0 : io.buffer.remaining();
            case ZERO, EXTENTS -> Math.max(0, io.length);
            case FLUSH -> 0;
        };
    }

    @Override
    public void close() {
        whole.close();
    }
}
