package dmctl.simulator;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** One write under way or in the volatile cache; without parts: zeroes. */
final class DiskWrite {
    final int offset;
    final int length;

    /** The bytes, cut where pages begin. */
    final byte @Nullable [][] parts;

    /** The pages it has changed, as they were before. */
    byte[][] before = new byte[0][];

    DiskWrite(int offset, int length, byte @Nullable [][] parts) {
        this.offset = offset;
        this.length = length;
        this.parts = parts;
    }

    boolean overlaps(int otherOffset, int otherLength) {
        return offset < otherOffset + otherLength && otherOffset < offset + length;
    }

    int firstPage() {
        return offset / Pages.BYTES;
    }

    int lastPage() {
        return (offset + length - 1) / Pages.BYTES;
    }

    /** Returns the bytes for a page. */
    byte[] part(int page) {
        return parts == null ? Pages.ZEROES : parts[page - firstPage()];
    }

    /** Returns where in its part the byte for a place on the disk is. */
    int inPart(int place) {
        return parts == null ? 0 : place - Math.max(offset, place / Pages.BYTES * Pages.BYTES);
    }

    /** Returns a part of this write, from one sector to another, as a write. */
    DiskWrite cut(int from, int bytes) {
        if (parts == null || bytes == length) {
            return new DiskWrite(from, bytes, parts);
        }
        int first = from / Pages.BYTES;
        byte[][] some = new byte[(from + bytes - 1) / Pages.BYTES - first + 1][];
        for (int i = 0; i < some.length; i++) {
            int start = Math.max(from, (first + i) * Pages.BYTES);
            int end = Math.min(from + bytes, (first + i + 1) * Pages.BYTES);
            int at = inPart(start);
            some[i] = Arrays.copyOfRange(part(first + i), at, at + end - start);
        }
        return new DiskWrite(from, bytes, some);
    }

    /** Puts the bytes for a range of the disk there. */
    void copyTo(Pages target, int from, int bytes) {
        for (int at = from; at < from + bytes; ) {
            int page = at / Pages.BYTES;
            int end = Math.min(from + bytes, (page + 1) * Pages.BYTES);
            byte[] changed =
                    Pages.with(
                            target.get(page), at % Pages.BYTES, part(page), inPart(at), end - at);
            target.set(page, changed);
            at = end;
        }
    }

    /** Puts one sector into a buffer. */
    void readSector(int place, ByteBuffer target, int index) {
        target.put(index, part(place / Pages.BYTES), inPart(place), Stamp.SECTOR);
    }

    /** Whether a buffer, from its position on, holds the bytes of this write. */
    boolean equalTo(ByteBuffer buffer) {
        int at = buffer.position();
        for (int page = firstPage(); parts != null && page <= lastPage(); page++) {
            byte[] part = part(page);
            if (!buffer.slice(at, part.length).equals(ByteBuffer.wrap(part))) {
                return false;
            }
            at += part.length;
        }
        return true;
    }
}
