package dmctl.simulator;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The bytes of a medium in pages that are never changed: a write puts other pages in their place.
 * So copies of a whole disk, and older versions of a page, cost next to nothing.
 */
final class Pages {
    /** Size of a page, 4 KiB. */
    static final int BYTES = 4096;

    static final byte[] ZEROES = new byte[BYTES];

    private static final ByteBuffer ZERO_BUFFER = ByteBuffer.allocateDirect(BYTES);

    private final byte[][] pages;

    Pages(int bytes) {
        pages = new byte[bytes / BYTES][];
        Arrays.fill(pages, ZEROES);
    }

    private Pages(byte[][] pages) {
        this.pages = pages;
    }

    static Pages of(byte[] content) {
        Pages whole = new Pages(content.length);
        for (int i = 0; i < whole.pages.length; i++) {
            whole.pages[i] = Arrays.copyOfRange(content, i * BYTES, (i + 1) * BYTES);
        }
        return whole;
    }

    Pages copy() {
        return new Pages(pages.clone());
    }

    int count() {
        return pages.length;
    }

    int bytes() {
        return pages.length * BYTES;
    }

    byte[] get(int page) {
        return pages[page];
    }

    void set(int page, byte[] bytes) {
        pages[page] = bytes;
    }

    byte at(int offset) {
        return pages[offset / BYTES][offset % BYTES];
    }

    /** Whether two pages are the same page: not only equal, but put there by the same write. */
    @SuppressWarnings("ReferenceEquality")
    static boolean same(byte[] one, byte[] other) {
        return one == other;
    }

    /** Returns a page with a part of it taken from elsewhere. */
    static byte[] with(byte[] page, int at, byte[] source, int from, int length) {
        if (length == BYTES && source.length == BYTES) {
            return source;
        }
        byte[] changed = page.clone();
        System.arraycopy(source, from, changed, at, length);
        return changed;
    }

    /**
     * Takes bytes out of a buffer, cut where the pages of the medium begin.
     *
     * @param offset place on the medium of the first byte
     */
    static byte[][] capture(ByteBuffer buffer, int offset, int length) {
        byte[][] parts = new byte[(offset + length - 1) / BYTES - offset / BYTES + 1][];
        int at = buffer.position();
        int end = at + length;
        for (int i = 0; i < parts.length; i++) {
            int bytes = Math.min(end - at, i == 0 ? BYTES - offset % BYTES : BYTES);
            if (bytes == BYTES && buffer.slice(at, BYTES).equals(ZERO_BUFFER)) {
                parts[i] = ZEROES;
            } else {
                parts[i] = new byte[bytes];
                buffer.get(at, parts[i]);
            }
            at += bytes;
        }
        return parts;
    }

    /** Puts a range into a buffer, at an index. */
    void read(int offset, int length, ByteBuffer target, int index) {
        int bytes;
        for (int done = 0; done < length; done += bytes) {
            int inPage = (offset + done) % BYTES;
            bytes = Math.min(BYTES - inPage, length - done);
            target.put(index + done, pages[(offset + done) / BYTES], inPage, bytes);
        }
    }

    /** Whether a sector holds nothing but zeroes. */
    boolean isZeroSector(int offset) {
        byte[] page = pages[offset / BYTES];
        int at = offset % BYTES;
        return same(page, ZEROES)
                || Arrays.equals(page, at, at + Stamp.SECTOR, ZEROES, 0, Stamp.SECTOR);
    }

    /** Returns the first offset at which the two differ, -1 if there is none. */
    int mismatch(Pages other) {
        for (int i = 0; i < pages.length; i++) {
            if (!same(pages[i], other.pages[i])) {
                int at = Arrays.mismatch(pages[i], other.pages[i]);
                if (at >= 0) {
                    return i * BYTES + at;
                }
            }
        }
        return -1;
    }
}
