package dmctl.simulator;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The content of a written sector: who wrote it, where it belongs, and a check over all 512 bytes.
 * It tells a sector of another place, a mixture of two and plain garbage from a good one.
 */
final class Stamp {
    static final int SECTOR = 512;

    /** Found instead of an op: all bytes are 0. */
    static final int ZERO = -1;

    /** Found instead of an op: what was there before the first op. */
    static final int BASE = -2;

    /** Found instead of an op: no stamp, or one whose check fails. */
    static final int GARBAGE = -3;

    /** Found instead of an op: a good stamp of another sector. */
    static final int MISPLACED = -4;

    private static final long MAGIC = 0x646D63746C53696DL;
    private static final int BASE_WRITER = 0xFFFF;
    private static final long FILL_STEP = 0x5851F42D4C957F2DL;
    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Stamp() {}

    static void writeBase(byte[] target, int at, int device, int sector) {
        write(target, at, BASE_WRITER, 0, device, sector);
    }

    static void write(byte[] target, int at, int writer, int op, int device, int sector) {
        long who = ((long) writer << 32) | (op & 0xFFFFFFFFL);
        long where = ((long) device << 32) | (sector & 0xFFFFFFFFL);
        long check = check(who, where);
        LONG.set(target, at, MAGIC);
        LONG.set(target, at + 8, who);
        LONG.set(target, at + 16, where);
        LONG.set(target, at + 24, check);
        for (int i = 32; i < SECTOR; i += 8) {
            LONG.set(target, at + i, check + i * FILL_STEP);
        }
    }

    private static long check(long who, long where) {
        return SimRandom.mix(SimRandom.mix(who ^ MAGIC) ^ where);
    }

    /** Returns the op whose stamp this is, or one of the negative constants. */
    static int read(byte[] source, int at, int device, int sector) {
        long magic = (long) LONG.get(source, at);
        if (magic == 0) {
            boolean zero = Arrays.equals(source, at, at + SECTOR, Pages.ZEROES, 0, SECTOR);
            return zero ? ZERO : GARBAGE;
        }
        long who = (long) LONG.get(source, at + 8);
        long where = (long) LONG.get(source, at + 16);
        long check = (long) LONG.get(source, at + 24);
        if (magic != MAGIC || check != check(who, where)) {
            return GARBAGE;
        }
        long differences = 0;
        for (int i = 32; i < SECTOR; i += 8) {
            differences |= (long) LONG.get(source, at + i) ^ (check + i * FILL_STEP);
        }
        if (differences != 0) {
            return GARBAGE;
        }
        if (where != (((long) device << 32) | (sector & 0xFFFFFFFFL))) {
            return MISPLACED;
        }
        return who >>> 32 == BASE_WRITER ? BASE : (int) who;
    }

    /** Reads the stamps of a whole device into found, starting at first. */
    static void readDevice(Pages content, int device, int[] found, int first) {
        for (int sector = 0; sector * SECTOR < content.bytes(); sector++) {
            found[first + sector] = read(content, device, sector);
        }
    }

    static int read(Pages content, int device, int sector) {
        int at = sector * SECTOR;
        return read(content.get(at / Pages.BYTES), at % Pages.BYTES, device, sector);
    }

    static void garbage(byte[] content, SimRandom random) {
        for (int i = 0; i < content.length; i += 8) {
            LONG.set(content, i, random.nextLong());
        }
        if (random.oneIn(2)) {
            int half = content.length / 2;
            Arrays.fill(content, 0, half, (byte) 0);
        }
    }
}
