package dmctl.daemon.io;

import dmctl.engine.port.ExtentList;
import dmctl.engine.port.Io;
import dmctl.nativebridge.Errno;
import dmctl.nativebridge.ErrnoException;
import dmctl.nativebridge.NativeFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Does one operation after the other on a file, on the thread of one worker. */
final class FileWorker {
    /** Piece in which a buffer that O_DIRECT cannot take is copied, and zeroes are written. */
    static final int PIECE_BYTES = 1 << 20;

    /** What comes after so many extents is said to be data. */
    static final int EXTENTS_MAX = 4096;

    private static final int PIECE_ALIGN = 4096;

    private final NativeFile file;
    private final long sizeBytes;

    /** Alignment that O_DIRECT asks of memory, in bytes; 1 for buffered files. */
    private final int memoryAlign;

    private boolean canPunch = true;
    private boolean canZeroRange = true;
    private @Nullable MemorySegment piece;

    FileWorker(NativeFile file, long sizeBytes, int memoryAlign) {
        this.file = file;
        this.sizeBytes = sizeBytes;
        this.memoryAlign = memoryAlign;
    }

    /** Does an operation and returns 0 or its errno. */
    int perform(Io io) {
        try {
            switch (io.op) {
                case READ -> read(io);
                case WRITE -> write(io);
                case ZERO -> zero(io);
                case FLUSH -> file.syncData();
                case EXTENTS -> extents(io);
            }
            return 0;
        } catch (ErrnoException e) {
            return e.errno();
        }
    }

    private void checkRange(long offset, long length) throws ErrnoException {
        if (offset < 0 || length < 0 || offset > sizeBytes - length) {
            throw new ErrnoException("range", file.name(), Errno.EINVAL);
        }
    }

    private static ByteBuffer buffer(Io io) throws ErrnoException {
        ByteBuffer buffer = io.buffer;
        if (buffer == null) {
            throw new ErrnoException("buffer", "no buffer", Errno.EINVAL);
        }
        return buffer;
    }

    private void read(Io io) throws ErrnoException {
        ByteBuffer buffer = buffer(io);
        long length = buffer.remaining();
        checkRange(io.offset, length);
        if (buffer.isDirect()) {
            long address = MemorySegment.ofBuffer(buffer).address();
            if ((address & (memoryAlign - 1)) == 0) {
                readWhole(address, length, io.offset);
                return;
            }
        }
        MemorySegment target = MemorySegment.ofBuffer(buffer);
        MemorySegment source = piece();
        for (long at = 0; at < length; at += PIECE_BYTES) {
            long part = Math.min(PIECE_BYTES, length - at);
            readWhole(source.address(), part, io.offset + at);
            MemorySegment.copy(source, 0, target, at, part);
        }
    }

    private void readWhole(long address, long length, long offset) throws ErrnoException {
        if (file.read(address, length, offset) < length) {
            // The file was cut short since it was opened.
            throw new ErrnoException("pread", file.name(), Errno.EIO);
        }
    }

    private void write(Io io) throws ErrnoException {
        ByteBuffer buffer = buffer(io);
        long length = buffer.remaining();
        checkRange(io.offset, length);
        if (buffer.isDirect()) {
            long address = MemorySegment.ofBuffer(buffer).address();
            if ((address & (memoryAlign - 1)) == 0) {
                file.write(address, length, io.offset);
                return;
            }
        }
        MemorySegment source = MemorySegment.ofBuffer(buffer);
        MemorySegment target = piece();
        for (long at = 0; at < length; at += PIECE_BYTES) {
            long part = Math.min(PIECE_BYTES, length - at);
            MemorySegment.copy(source, at, target, 0, part);
            file.write(target.address(), part, io.offset + at);
        }
    }

    private MemorySegment piece() {
        MemorySegment made = piece;
        if (made == null) {
            made = Arena.ofAuto().allocate(PIECE_BYTES, PIECE_ALIGN);
            piece = made;
        }
        return made;
    }

    private void zero(Io io) throws ErrnoException {
        checkRange(io.offset, io.length);
        if (io.length == 0 || (io.unmap && punched(io.offset, io.length))) {
            return;
        }
        if (zeroed(io.offset, io.length)) {
            return;
        }
        MemorySegment zeroes = piece().fill((byte) 0);
        for (long at = 0; at < io.length; at += PIECE_BYTES) {
            long part = Math.min(PIECE_BYTES, io.length - at);
            file.write(zeroes.address(), part, io.offset + at);
        }
    }

    private boolean punched(long offset, long length) throws ErrnoException {
        if (!canPunch) {
            return false;
        }
        try {
            file.punchHole(offset, length);
            return true;
        } catch (ErrnoException e) {
            canPunch = !unsupported(e);
            return false;
        }
    }

    private boolean zeroed(long offset, long length) throws ErrnoException {
        if (!canZeroRange) {
            return false;
        }
        try {
            file.zeroRange(offset, length);
            return true;
        } catch (ErrnoException e) {
            canZeroRange = !unsupported(e);
            return false;
        }
    }

    /** Anything but a lack of support is the end of the operation. */
    private static boolean unsupported(ErrnoException e) throws ErrnoException {
        if (e.errno() == Errno.EOPNOTSUPP
                || e.errno() == Errno.ENOSYS
                || e.errno() == Errno.ENOTTY) {
            return true;
        }
        throw e;
    }

    private void extents(Io io) throws ErrnoException {
        ExtentList list = io.extents;
        if (list == null) {
            throw new ErrnoException("extents", file.name(), Errno.EINVAL);
        }
        checkRange(io.offset, io.length);
        list.clear();
        long end = io.offset + io.length;
        long at = io.offset;
        while (at < end) {
            if (list.size() >= EXTENTS_MAX) {
                list.add(end - at, false);
                return;
            }
            long data;
            try {
                data = file.nextData(at);
            } catch (ErrnoException e) {
                if (e.errno() != Errno.EINVAL && e.errno() != Errno.EOPNOTSUPP) {
                    throw e;
                }
                list.add(end - at, false);
                return;
            }
            long hole = data < 0 ? end : Math.min(data, end);
            if (hole > at) {
                list.add(hole - at, true);
            }
            at = hole;
            if (at < end) {
                long next = Math.min(file.nextHole(at), end);
                // Not even a file changed meanwhile by somebody else keeps a worker here for ever.
                next = Math.max(next, at + 1);
                list.add(next - at, false);
                at = next;
            }
        }
    }
}
