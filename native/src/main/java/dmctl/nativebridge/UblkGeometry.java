package dmctl.nativebridge;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/**
 * What a device is to applications. Besides: it has a write cache that can be flushed, FUA, discard
 * and write-zeroes.
 *
 * @param blockBytes logical block size, a power of two from 512 to a page
 * @param bytes its length, a multiple of the block size
 * @param maxIoBytes most data of one request
 */
public record UblkGeometry(int blockBytes, long bytes, int maxIoBytes) {
    private static final int SECTOR_SHIFT = 9;
    private static final int PHYSICAL_SHIFT = 12;

    /** The kernel keeps lengths of requests in 32 bits. */
    private static final long MAX_RANGE_BYTES = 0xffffffffL;

    void write(MemorySegment params) {
        int shift = Integer.numberOfTrailingZeros(blockBytes);
        params.set(JAVA_INT, UblkAbi.PARAMS_LEN, UblkAbi.PARAMS_BYTES);
        int types = UblkAbi.PARAM_TYPE_BASIC | UblkAbi.PARAM_TYPE_DISCARD;
        params.set(JAVA_INT, UblkAbi.PARAMS_TYPES, types);
        MemorySegment basic = params.asSlice(UblkAbi.PARAMS_BASIC);
        basic.set(JAVA_INT, UblkAbi.BASIC_ATTRS, UblkAbi.ATTR_VOLATILE_CACHE | UblkAbi.ATTR_FUA);
        basic.set(JAVA_BYTE, UblkAbi.BASIC_LOGICAL_SHIFT, (byte) shift);
        basic.set(JAVA_BYTE, UblkAbi.BASIC_PHYSICAL_SHIFT, (byte) PHYSICAL_SHIFT);
        basic.set(JAVA_BYTE, UblkAbi.BASIC_IO_OPT_SHIFT, (byte) PHYSICAL_SHIFT);
        basic.set(JAVA_BYTE, UblkAbi.BASIC_IO_MIN_SHIFT, (byte) PHYSICAL_SHIFT);
        basic.set(JAVA_INT, UblkAbi.BASIC_MAX_SECTORS, maxIoBytes >> SECTOR_SHIFT);
        basic.set(JAVA_LONG, UblkAbi.BASIC_DEV_SECTORS, bytes >> SECTOR_SHIFT);
        MemorySegment discard = params.asSlice(UblkAbi.PARAMS_DISCARD);
        int most = (int) ((MAX_RANGE_BYTES & -blockBytes) >> SECTOR_SHIFT);
        discard.set(JAVA_INT_UNALIGNED, UblkAbi.DISCARD_GRANULARITY, blockBytes);
        discard.set(JAVA_INT_UNALIGNED, UblkAbi.DISCARD_MAX_SECTORS, most);
        discard.set(JAVA_INT_UNALIGNED, UblkAbi.DISCARD_MAX_ZEROES_SECTORS, most);
        discard.set(JAVA_SHORT, UblkAbi.DISCARD_MAX_SEGMENTS, (short) 1);
    }

    static UblkGeometry read(MemorySegment params) {
        MemorySegment basic = params.asSlice(UblkAbi.PARAMS_BASIC);
        return new UblkGeometry(
                1 << basic.get(JAVA_BYTE, UblkAbi.BASIC_LOGICAL_SHIFT),
                basic.get(JAVA_LONG, UblkAbi.BASIC_DEV_SECTORS) << SECTOR_SHIFT,
                basic.get(JAVA_INT, UblkAbi.BASIC_MAX_SECTORS) << SECTOR_SHIFT);
    }
}
