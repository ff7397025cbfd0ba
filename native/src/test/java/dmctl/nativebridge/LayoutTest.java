package dmctl.nativebridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Holds the layouts against layouts.golden, and that against the kernel's headers of this machine.
 */
class LayoutTest {
    @TempDir Path folder;

    private static List<String> lines(String resource) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(LayoutTest.class.getResourceAsStream(resource))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        }
    }

    /** The first number behind each name. */
    private static Map<String, Long> golden() throws IOException {
        Map<String, Long> values = new HashMap<>();
        for (String line : lines("layouts.golden")) {
            List<String> words = List.of(line.split(" ", -1));
            String value = words.get(1).equals("size") ? words.get(2) : words.get(1);
            values.put(words.getFirst(), Long.decode(value));
        }
        return values;
    }

    private int run(Path output, String... command) throws Exception {
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    @Test
    void the_headers_of_this_machine_say_nothing_else_than_the_golden_file() throws Exception {
        assumeTrue("amd64".equals(System.getProperty("os.arch")), "golden is of amd64");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/gcc")), "no gcc");
        assumeTrue(Files.exists(Path.of("/usr/include/linux/io_uring.h")), "no linux-libc-dev");
        Path source = folder.resolve("layouts.c");
        Files.write(source, lines("layouts.c"));
        Path program = folder.resolve("layouts");
        Path said = folder.resolve("said");
        int exit = run(said, "/usr/bin/gcc", "-o", program.toString(), source.toString());
        assertThat(exit).as("%s", Files.readString(said)).isZero();
        assertThat(run(said, program.toString())).isZero();
        List<String> golden = lines("layouts.golden");
        List<String> here = Files.readAllLines(said);
        assertThat(golden).containsAll(here);
        // The older the headers, the less they prove; what every Debian of today has is much.
        assertThat(here).hasSizeGreaterThan(golden.size() * 2 / 3);
    }

    private static void check(Map<String, Long> golden, Map<String, Long> ours) {
        ours.forEach((name, value) -> {
            assertThat(golden).containsKey(name);
            assertThat(value).as(name).isEqualTo(golden.get(name));
        });
    }

    /** Pairs of a name and a number. */
    private static Map<String, Long> ours(Object... pairs) {
        Map<String, Long> map = new HashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            Number value = (Number) pairs[i + 1];
            long number =
                    value instanceof Integer i32 ? Integer.toUnsignedLong(i32) : value.longValue();
            map.put((String) pairs[i], number);
        }
        return map;
    }

    @Test
    void ublk_structures() throws IOException {
        check(
                golden(),
                ours(
                        "ublksrv_ctrl_cmd", UblkAbi.CTRL_CMD_BYTES,
                        "ublksrv_ctrl_cmd.dev_id", 0,
                        "ublksrv_ctrl_cmd.queue_id", UblkAbi.CTRL_QUEUE_SHIFT / 8,
                        "ublksrv_ctrl_cmd.len", UblkAbi.CTRL_LENGTH_SHIFT / 8,
                        "ublksrv_ctrl_cmd.addr", 8,
                        "ublksrv_ctrl_cmd.data[0]", 16,
                        "ublksrv_ctrl_dev_info", UblkAbi.INFO_BYTES,
                        "ublksrv_ctrl_dev_info.nr_hw_queues", UblkAbi.INFO_QUEUES,
                        "ublksrv_ctrl_dev_info.queue_depth", UblkAbi.INFO_DEPTH,
                        "ublksrv_ctrl_dev_info.state", UblkAbi.INFO_STATE,
                        "ublksrv_ctrl_dev_info.max_io_buf_bytes", UblkAbi.INFO_MAX_IO_BYTES,
                        "ublksrv_ctrl_dev_info.dev_id", UblkAbi.INFO_ID,
                        "ublksrv_ctrl_dev_info.ublksrv_pid", UblkAbi.INFO_PID,
                        "ublksrv_ctrl_dev_info.flags", UblkAbi.INFO_FLAGS,
                        "ublksrv_ctrl_dev_info.ublksrv_flags", UblkAbi.INFO_SERVER_FLAGS,
                        "ublksrv_io_desc", UblkAbi.DESC_BYTES,
                        "ublksrv_io_desc.op_flags", UblkAbi.DESC_OP_FLAGS,
                        "ublksrv_io_desc.nr_sectors", UblkAbi.DESC_SECTORS,
                        "ublksrv_io_desc.start_sector", UblkAbi.DESC_START_SECTOR,
                        "ublksrv_io_cmd", 16,
                        "ublksrv_io_cmd.q_id", 0,
                        "ublksrv_io_cmd.tag", UblkAbi.IO_TAG_SHIFT / 8,
                        "ublksrv_io_cmd.result", UblkAbi.IO_RESULT_SHIFT / 8,
                        "ublksrv_io_cmd.addr", 8));
    }

    @Test
    void ublk_parameters() throws IOException {
        Map<String, Long> golden = golden();
        check(
                golden,
                ours(
                        "ublk_params.len", UblkAbi.PARAMS_LEN,
                        "ublk_params.types", UblkAbi.PARAMS_TYPES,
                        "ublk_params.basic", UblkAbi.PARAMS_BASIC,
                        "ublk_params.discard", UblkAbi.PARAMS_DISCARD,
                        "ublk_param_basic.attrs", UblkAbi.BASIC_ATTRS,
                        "ublk_param_basic.logical_bs_shift", UblkAbi.BASIC_LOGICAL_SHIFT,
                        "ublk_param_basic.physical_bs_shift", UblkAbi.BASIC_PHYSICAL_SHIFT,
                        "ublk_param_basic.io_opt_shift", UblkAbi.BASIC_IO_OPT_SHIFT,
                        "ublk_param_basic.io_min_shift", UblkAbi.BASIC_IO_MIN_SHIFT,
                        "ublk_param_basic.max_sectors", UblkAbi.BASIC_MAX_SECTORS,
                        "ublk_param_basic.dev_sectors", UblkAbi.BASIC_DEV_SECTORS,
                        "ublk_param_discard.discard_granularity", UblkAbi.DISCARD_GRANULARITY,
                        "ublk_param_discard.max_discard_sectors", UblkAbi.DISCARD_MAX_SECTORS,
                        "ublk_param_discard.max_write_zeroes_sectors",
                                UblkAbi.DISCARD_MAX_ZEROES_SECTORS,
                        "ublk_param_discard.max_discard_segments", UblkAbi.DISCARD_MAX_SEGMENTS));
        long end = golden.get("ublk_params.discard") + golden.get("ublk_param_discard");
        assertThat((long) UblkAbi.PARAMS_BYTES).isEqualTo(end);
    }

    @Test
    void ublk_numbers() throws IOException {
        check(
                golden(),
                ours(
                        "UBLK_U_CMD_GET_DEV_INFO", UblkAbi.GET_DEV_INFO,
                        "UBLK_U_CMD_ADD_DEV", UblkAbi.ADD_DEV,
                        "UBLK_U_CMD_DEL_DEV", UblkAbi.DEL_DEV,
                        "UBLK_U_CMD_START_DEV", UblkAbi.START_DEV,
                        "UBLK_U_CMD_STOP_DEV", UblkAbi.STOP_DEV,
                        "UBLK_U_CMD_SET_PARAMS", UblkAbi.SET_PARAMS,
                        "UBLK_U_CMD_GET_PARAMS", UblkAbi.GET_PARAMS,
                        "UBLK_U_CMD_START_USER_RECOVERY", UblkAbi.START_USER_RECOVERY,
                        "UBLK_U_CMD_END_USER_RECOVERY", UblkAbi.END_USER_RECOVERY,
                        "UBLK_U_CMD_GET_FEATURES", UblkAbi.GET_FEATURES,
                        "UBLK_U_IO_FETCH_REQ", UblkAbi.FETCH_REQ,
                        "UBLK_U_IO_COMMIT_AND_FETCH_REQ", UblkAbi.COMMIT_AND_FETCH_REQ,
                        "UBLK_F_CMD_IOCTL_ENCODE", UblkAbi.F_CMD_IOCTL_ENCODE,
                        "UBLK_F_USER_RECOVERY", UblkAbi.F_USER_RECOVERY,
                        "UBLK_F_USER_RECOVERY_REISSUE", UblkAbi.F_USER_RECOVERY_REISSUE,
                        "UBLK_S_DEV_DEAD", UblkAbi.STATE_DEAD,
                        "UBLK_S_DEV_LIVE", UblkAbi.STATE_LIVE,
                        "UBLK_S_DEV_QUIESCED", UblkAbi.STATE_QUIESCED,
                        "UBLK_IO_OP_READ", UblkQueue.READ,
                        "UBLK_IO_OP_WRITE", UblkQueue.WRITE,
                        "UBLK_IO_OP_FLUSH", UblkQueue.FLUSH,
                        "UBLK_IO_OP_DISCARD", UblkQueue.DISCARD,
                        "UBLK_IO_OP_WRITE_ZEROES", UblkQueue.WRITE_ZEROES,
                        "UBLK_IO_F_FUA", 1 << 13,
                        "UBLK_IO_F_NOUNMAP", 1 << 15,
                        "UBLK_ATTR_VOLATILE_CACHE", UblkAbi.ATTR_VOLATILE_CACHE,
                        "UBLK_ATTR_FUA", UblkAbi.ATTR_FUA,
                        "UBLK_PARAM_TYPE_BASIC", UblkAbi.PARAM_TYPE_BASIC,
                        "UBLK_PARAM_TYPE_DISCARD", UblkAbi.PARAM_TYPE_DISCARD));
    }

    @Test
    void io_uring_structures() throws IOException {
        check(
                golden(),
                ours(
                        "io_uring_params", UringAbi.PARAMS_BYTES,
                        "io_uring_params.sq_entries", UringAbi.PARAMS_SQ_ENTRIES,
                        "io_uring_params.cq_entries", UringAbi.PARAMS_CQ_ENTRIES,
                        "io_uring_params.flags", UringAbi.PARAMS_FLAGS,
                        "io_uring_params.features", UringAbi.PARAMS_FEATURES,
                        "io_uring_params.sq_off", UringAbi.PARAMS_SQ_OFF,
                        "io_uring_params.cq_off", UringAbi.PARAMS_CQ_OFF,
                        "io_sqring_offsets.head", UringAbi.OFF_HEAD,
                        "io_sqring_offsets.tail", UringAbi.OFF_TAIL,
                        "io_sqring_offsets.ring_mask", UringAbi.OFF_MASK,
                        "io_sqring_offsets.flags", UringAbi.SQ_OFF_FLAGS,
                        "io_sqring_offsets.array", UringAbi.SQ_OFF_ARRAY,
                        "io_cqring_offsets.head", UringAbi.OFF_HEAD,
                        "io_cqring_offsets.tail", UringAbi.OFF_TAIL,
                        "io_cqring_offsets.ring_mask", UringAbi.OFF_MASK,
                        "io_cqring_offsets.cqes", UringAbi.CQ_OFF_CQES,
                        "io_uring_sqe", UringAbi.SQE_BYTES,
                        "io_uring_sqe.opcode", 0,
                        "io_uring_sqe.fd", UringAbi.SQE_FD,
                        "io_uring_sqe.off", UringAbi.SQE_OFFSET,
                        "io_uring_sqe.cmd_op", UringAbi.SQE_CMD_OP,
                        "io_uring_sqe.addr", UringAbi.SQE_ADDRESS,
                        "io_uring_sqe.len", UringAbi.SQE_LENGTH,
                        "io_uring_sqe.rw_flags", UringAbi.SQE_OP_FLAGS,
                        "io_uring_sqe.fsync_flags", UringAbi.SQE_OP_FLAGS,
                        "io_uring_sqe.user_data", UringAbi.SQE_USER_DATA,
                        "io_uring_sqe.cmd", UringAbi.SQE_CMD,
                        "io_uring_cqe", UringAbi.CQE_BYTES,
                        "io_uring_cqe.user_data", UringAbi.CQE_USER_DATA,
                        "io_uring_cqe.res", UringAbi.CQE_RESULT,
                        "io_uring_getevents_arg", UringAbi.GETEVENTS_BYTES,
                        "io_uring_getevents_arg.ts", UringAbi.GETEVENTS_TIME));
    }

    @Test
    void io_uring_numbers() throws IOException {
        check(
                golden(),
                ours(
                        "IORING_SQ_CQ_OVERFLOW", UringAbi.SQ_CQ_OVERFLOW,
                        "IORING_SQ_TASKRUN", UringAbi.SQ_TASKRUN,
                        "IORING_SETUP_CLAMP", UringAbi.SETUP_CLAMP,
                        "IORING_SETUP_R_DISABLED", UringAbi.SETUP_R_DISABLED,
                        "IORING_SETUP_TASKRUN_FLAG", UringAbi.SETUP_TASKRUN_FLAG,
                        "IORING_SETUP_SQE128", UringAbi.SETUP_SQE128,
                        "IORING_SETUP_SINGLE_ISSUER", UringAbi.SETUP_SINGLE_ISSUER,
                        "IORING_SETUP_DEFER_TASKRUN", UringAbi.SETUP_DEFER_TASKRUN,
                        "IORING_FEAT_SINGLE_MMAP", UringAbi.FEATURE_SINGLE_MMAP,
                        "IORING_FEAT_EXT_ARG", UringAbi.FEATURE_EXT_ARG,
                        "IORING_ENTER_GETEVENTS", UringAbi.ENTER_GETEVENTS,
                        "IORING_ENTER_EXT_ARG", UringAbi.ENTER_EXT_ARG,
                        "IORING_OFF_SQ_RING", UringAbi.MAP_RINGS,
                        "IORING_OFF_SQES", UringAbi.MAP_SQES,
                        "IORING_OP_READ", (int) UringAbi.OP_READ,
                        "IORING_OP_WRITE", (int) UringAbi.OP_WRITE,
                        "IORING_OP_URING_CMD", (int) UringAbi.OP_URING_CMD,
                        "SYS_io_uring_setup", LibC.SYS_IO_URING_SETUP,
                        "SYS_io_uring_enter", LibC.SYS_IO_URING_ENTER,
                        "SYS_io_uring_register", LibC.SYS_IO_URING_REGISTER,
                        "IORING_REGISTER_EVENTFD", UringAbi.REGISTER_EVENTFD,
                        "IORING_REGISTER_ENABLE_RINGS", UringAbi.REGISTER_ENABLE_RINGS));
    }

    @Test
    void numbers_of_files_and_memory() throws IOException {
        assumeTrue("amd64".equals(System.getProperty("os.arch")), "golden is of amd64");
        check(
                golden(),
                ours(
                        "statx.stx_mode", FileFacts.MODE_AT,
                        "statx.stx_ino", FileFacts.INODE_AT,
                        "statx.stx_size", FileFacts.SIZE_AT,
                        "statx.stx_dev_major", FileFacts.DEVICE_MAJOR_AT,
                        "statx.stx_dev_minor", FileFacts.DEVICE_MINOR_AT,
                        "statx.stx_dio_mem_align", FileFacts.DIRECT_MEMORY_AT,
                        "statx.stx_dio_offset_align", FileFacts.DIRECT_OFFSET_AT,
                        "STATX_DIOALIGN", FileFacts.DIRECT_ALIGN,
                        "BLKSSZGET", LibC.BLKSSZGET,
                        "BLKDISCARD", LibC.BLKDISCARD,
                        "BLKZEROOUT", LibC.BLKZEROOUT,
                        "BLKGETSIZE64", LibC.BLKGETSIZE64,
                        "PROT_READ", LibC.PROT_READ,
                        "PROT_WRITE", LibC.PROT_WRITE,
                        "MAP_SHARED", LibC.MAP_SHARED,
                        "MAP_PRIVATE", LibC.MAP_PRIVATE,
                        "MAP_ANONYMOUS", LibC.MAP_ANONYMOUS,
                        "MAP_POPULATE", LibC.MAP_POPULATE,
                        "MCL_CURRENT", LibC.MCL_CURRENT,
                        "MCL_FUTURE", LibC.MCL_FUTURE,
                        "MCL_ONFAULT", LibC.MCL_ONFAULT,
                        "PR_SET_IO_FLUSHER", LibC.PR_SET_IO_FLUSHER,
                        "EPOLL_CTL_ADD", LibC.EPOLL_CTL_ADD,
                        "EPOLL_CTL_DEL", LibC.EPOLL_CTL_DEL,
                        "EPOLLIN", LibC.EPOLLIN,
                        "EPOLLET", LibC.EPOLLET,
                        "POLLIN", (int) LibC.POLLIN));
    }
}
