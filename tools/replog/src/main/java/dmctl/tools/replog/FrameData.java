package dmctl.tools.replog;

import dmctl.replog.Body;
import dmctl.replog.Crc;
import dmctl.replog.Frame;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Reads the bytes of frames by linear position, through the end of a ring where there is one. */
final class FrameData {
    private static final int CHUNK = 1 << 20;

    private final LogFile file;
    private final long base;
    private final long length;
    private final Crc crc = new Crc();
    private final ByteBuffer chunk =
            ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.LITTLE_ENDIAN);

    /**
     * Reads positions modulo a length.
     *
     * @param base offset in the file of position 0
     * @param length of the ring
     */
    FrameData(LogFile file, long base, long length) {
        this.file = file;
        this.base = base;
        this.length = length;
    }

    /** Offset in the file of a position. */
    long place(long position) {
        return base + position % length;
    }

    void head(long position, ByteBuffer head) throws IOException {
        file.read(place(position), head, Frame.HEAD_BYTES);
    }

    /** Takes pieces of a record's data, in order. */
    interface Pieces {
        void piece(ByteBuffer buf, int bytes) throws IOException;
    }

    void read(long position, long bytes, Pieces pieces) throws IOException {
        long done = 0;
        while (done < bytes) {
            long at = position + done;
            long toRingEnd = length - at % length;
            int piece = (int) Math.min(Math.min(CHUNK, bytes - done), toRingEnd);
            file.read(place(at), chunk, piece);
            pieces.piece(chunk, piece);
            done += piece;
        }
    }

    /** The first record whose data does not have its checksum, or -1. */
    int firstBadRecord(ByteBuffer head) throws IOException {
        int body = Frame.BODY_OFFSET;
        long data = Frame.position(head, 0) + Frame.HEAD_BYTES;
        for (int i = 0; i < Body.count(head, body); i++) {
            int bytes = Body.dataBytes(head, body, i);
            crc.begin();
            read(data + Body.dataOffset(head, body, i), bytes, (buf, n) -> crc.add(buf, 0, n));
            if (bytes > 0 && crc.end() != Body.dataCrc(head, body, i)) {
                return i;
            }
        }
        return -1;
    }
}
