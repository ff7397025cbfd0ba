package dmctl.daemon.io;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In steady state an operation costs no memory, on no thread. */
class AllocationTest {
    private static final int BLOCK = 4096;
    private static final int OPERATIONS = 10_000;
    private static final int IN_FLIGHT = 8;
    private static final int ROUNDS_MAX = 30;

    @TempDir Path dir;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private int submitted;
    private int ended;

    @Test
    void writesAndFlushesAllocateNothing() throws IOException {
        checkAllocations(FileStorage.Options.forLog().withDirect(FileStorage.Direct.OFF), "log-");
    }

    @Test
    void deviceOperationsAllocateNothing() throws IOException {
        checkAllocations(
                FileStorage.Options.forDevice(512).withDirect(FileStorage.Direct.OFF), "device-");
    }

    @Test
    void operationsThroughARingAllocateNothing() throws IOException {
        try (DiskRing ring = DiskRing.open()) {
            checkAllocations(FileStorage.Options.forDevice(512), "device-", ring);
        }
    }

    private void checkAllocations(FileStorage.Options options, String name) throws IOException {
        checkAllocations(options, name, null);
    }

    private void checkAllocations(FileStorage.Options options, String name, @Nullable DiskRing ring)
            throws IOException {
        Path path = dir.resolve(name);
        StorageFiles.create(path, 256L * BLOCK, StorageFiles.Space.WRITTEN);
        try (LoopWorld world = new LoopWorld()) {
            FileStorage storage = FileStorage.open(path, options, world.loop().completions(), ring);
            if (ring != null) {
                assertThat(storage.direct()).isTrue();
                world.loop().serve(ring);
            }
            List<Thread> taking = new ArrayList<>(List.of(Thread.currentThread()));
            for (Thread thread : Thread.getAllStackTraces().keySet()) {
                if (thread.getName().startsWith(name)) {
                    taking.add(thread);
                }
            }
            List<Io> operations = operations(storage);
            long perRound = Long.MAX_VALUE;
            for (int i = 0; i < ROUNDS_MAX && perRound >= OPERATIONS; i++) {
                long before = allocated(taking);
                submitted = 0;
                ended = 0;
                for (int at = 0; at < operations.size(); at++) {
                    submitNext(storage, operations.get(at));
                }
                world.runUntil(() -> ended == OPERATIONS);
                perRound = allocated(taking) - before;
            }
            storage.close();
            // Compiled code takes nothing; the rest is flushes, too rare to be compiled soon.
            assertThat(perRound).as("bytes for %d operations", OPERATIONS).isLessThan(OPERATIONS);
        }
    }

    private List<Io> operations(FileStorage storage) {
        IoDone done =
                io -> {
                    if (io.error != 0) {
                        throw new AssertionError(io.op + ": " + io.error);
                    }
                    ended++;
                    submitNext(storage, io);
                };
        List<Io> operations = new ArrayList<>();
        for (int i = 0; i < IN_FLIGHT; i++) {
            Io io = new Io();
            io.buffer = ByteBuffer.allocateDirect(2 * BLOCK).alignedSlice(BLOCK).limit(BLOCK);
            io.done = done;
            io.tag = i;
            operations.add(io);
        }
        return operations;
    }

    private long allocated(List<Thread> taking) {
        long bytes = 0;
        for (int i = 0; i < taking.size(); i++) {
            bytes += threads.getThreadAllocatedBytes(taking.get(i).threadId());
        }
        return bytes;
    }

    /** Each in a part of the file of its own, so that none overlap. */
    private void submitNext(FileStorage storage, Io io) {
        if (submitted == OPERATIONS) {
            return;
        }
        submitted++;
        io.op =
                switch (submitted % 64) {
                    case 0 -> Io.Op.FLUSH;
                    case 1, 2, 3 -> Io.Op.READ;
                    default -> Io.Op.WRITE;
                };
        io.offset = (io.tag * 16 + submitted % 16) * BLOCK;
        storage.submit(io);
    }
}
