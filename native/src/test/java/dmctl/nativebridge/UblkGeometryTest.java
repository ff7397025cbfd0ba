package dmctl.nativebridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Bytes as the driver reads them. */
class UblkGeometryTest {
    private static String hex(MemorySegment memory) {
        return HexFormat.of().formatHex(memory.toArray(ValueLayout.JAVA_BYTE));
    }

    @Test
    void parameters() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = arena.allocate(UblkAbi.PARAMS_BYTES, 8);
            UblkGeometry geometry = new UblkGeometry(4096, 1L << 40, 512 << 10);
            geometry.write(params);
            assertThat(hex(params))
                    .isEqualTo(
                            "3c000000" // len
                                    + "03000000" // types
                                    + "0c000000" // attrs
                                    + "0c0c0c0c" // shifts
                                    + "00040000" // max_sectors
                                    + "00000000" // chunk_sectors
                                    + "0000008000000000" // dev_sectors
                                    + "0000000000000000" // virt_boundary_mask
                                    + "00000000" // discard_alignment
                                    + "00100000" // discard_granularity
                                    + "f8ff7f00" // max_discard_sectors
                                    + "f8ff7f00" // max_write_zeroes_sectors
                                    + "01000000"); // max_discard_segments
            assertThat(UblkGeometry.read(params)).isEqualTo(geometry);
        }
    }

    @Test
    void a_new_device() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(UblkAbi.INFO_BYTES, 8);
            UblkDevice.write(info, -1, 128, 512 << 10, UblkControl.NEEDED, 0x0102030405060708L);
            assertThat(hex(info))
                    .isEqualTo(
                            "0100" // nr_hw_queues
                                    + "8000" // queue_depth
                                    + "00000000" // state, pad0
                                    + "00000800" // max_io_buf_bytes
                                    + "ffffffff" // dev_id
                                    + "0000000000000000" // pid, pad1
                                    + "5800000000000000" // flags
                                    + "0807060504030201" // ublksrv_flags
                                    + "00".repeat(24));
        }
    }
}
