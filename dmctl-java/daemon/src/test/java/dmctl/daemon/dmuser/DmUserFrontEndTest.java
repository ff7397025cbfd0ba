package dmctl.daemon.dmuser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dmctl.daemon.front.ShownDevice;
import dmctl.daemon.front.ShownDevice.State;
import dmctl.daemon.front.ShownGroup;
import dmctl.daemon.nbd.Eventually;
import dmctl.daemon.nbd.Export;
import dmctl.daemon.nbd.MemoryFrontEnd;
import dmctl.engine.GroupStatus.Role;
import dmctl.nativebridge.DmUserCalls;
import dmctl.nativebridge.DmUserDriver;
import dmctl.nativebridge.DmUserMessage;
import dmctl.nativebridge.Errno;
import dmctl.nativebridge.ErrnoException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DmUserFrontEndTest {
    private static final int BYTES = 20 << 20;
    private static final List<Export> EXPORTS = List.of(new Export("data", "g", 0, BYTES, 512));

    private volatile @Nullable DmUserDriver driver = new DmUserDriver();
    private volatile int refusal = Errno.ENOENT;
    private MemoryFrontEnd group;
    private ShownGroup shown;

    @BeforeEach
    void serve() throws IOException {
        group = new MemoryFrontEnd(EXPORTS);
        shown =
                new ShownGroup(
                        EXPORTS,
                        group,
                        (server, served) -> DmUserFrontEnd.open(EXPORTS, served, this::open));
        shown.role = Role.PRIMARY;
    }

    @AfterEach
    void end() {
        group.holding = false;
        group.full = false;
        DmUserDriver last = driver;
        if (last != null) {
            last.destroy();
        }
        shown.close();
    }

    private DmUserCalls open(Path path) throws IOException {
        assertThat(path).hasToString("/dev/dm-user/g-data");
        DmUserDriver there = driver;
        if (there == null) {
            throw new ErrnoException("open", path.toString(), refusal);
        }
        return there.open();
    }

    private DmUserDriver driver() {
        return Objects.requireNonNull(driver);
    }

    private static byte[] pattern(int seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static byte[] end(CompletableFuture<byte[]> bio) throws Exception {
        return bio.get(10, TimeUnit.SECONDS);
    }

    private static void fails(CompletableFuture<byte[]> bio) {
        assertThatThrownBy(() -> end(bio)).hasRootCauseMessage("I/O error");
    }

    @Test
    void whatIsWrittenIsReadBack() throws Exception {
        for (int length : new int[] {512, 4096, 513 * 512, 1 << 20, 3 << 20, 16 << 20}) {
            byte[] data = pattern(length, length);
            assertThat(end(driver().write(1024, data, 0))).isEmpty();
            assertThat(end(driver().read(1024, length))).isEqualTo(data);
            assertThat(group.bytes(0, 1024, length)).isEqualTo(data);
        }
        assertThat(driver().poisoned).isZero();
    }

    @Test
    void shortCallsOfTheDriverAreGoneOnWith() throws Exception {
        driver().callBytesMax = 1000;
        byte[] data = pattern(1, 64 << 10);
        end(driver().write(0, data, 0));
        assertThat(end(driver().read(0, data.length))).isEqualTo(data);
    }

    @Test
    void manyAtATimeKeepTheirAnswersApart() throws Exception {
        List<CompletableFuture<byte[]>> reads = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            end(driver().write(i * 4096L, pattern(i, 4096), 0));
        }
        for (int i = 0; i < 100; i++) {
            reads.add(driver().read(i * 4096L, 4096));
        }
        for (int i = 0; i < 100; i++) {
            assertThat(end(reads.get(i))).isEqualTo(pattern(i, 4096));
        }
    }

    @Test
    void aWriteWithPreflushIsAFlush() throws Exception {
        end(driver().flush());
        assertThat(group.flushes).isEqualTo(1);
        end(driver().request(DmUserMessage.FLUSH, 0, 0, 0));
        assertThat(group.flushes).isEqualTo(2);
        end(driver().write(0, pattern(1, 512), DmUserMessage.PREFLUSH | DmUserMessage.FUA));
        assertThat(group.flushes).as("before the write").isEqualTo(3);
        assertThat(group.durableRequests).isEqualTo(1);
        end(driver().write(0, pattern(1, 2 << 20), DmUserMessage.FUA));
        assertThat(group.durableRequests).as("on the last stretch").isEqualTo(2);
    }

    @Test
    void whatIsDiscardedReadsAsZeroes() throws Exception {
        end(driver().write(0, pattern(1, 8192), 0));
        end(driver().request(DmUserMessage.DISCARD, 0, 0, 4096));
        end(driver().request(DmUserMessage.WRITE_ZEROES, DmUserMessage.NOUNMAP, 4096, 4096));
        assertThat(end(driver().read(0, 8192))).containsOnly(0);
        fails(driver().request(DmUserMessage.SECURE_ERASE, 0, 0, 4096));
        fails(driver().request(DmUserMessage.WRITE_SAME, 0, 0, 4096));
        assertThat(end(driver().read(0, 512))).as("goes on").containsOnly(0);
    }

    @Test
    void errorsOfTheGroupAreErrorsOfTheRequest() throws Exception {
        group.badOffset = 4096;
        fails(driver().write(4096, pattern(1, 512), 0));
        fails(driver().read(4096, 512));
        assertThat(driver().warnings).as("expected noise of the driver").isEqualTo(1);
        end(driver().write(0, pattern(1, 512), 0));
        assertThat(driver().poisoned).isZero();
    }

    @Test
    void aRequestThatIsTooLongFailsAloneAndWhole() throws Exception {
        fails(driver().write(0, new byte[17 << 20], 0));
        fails(driver().read(0, 17 << 20));
        assertThat(shown.events).anyMatch(line -> line.contains("at most " + (16 << 20)));
        end(driver().write(0, pattern(1, 512), 0));
        assertThat(driver().poisoned).isZero();
    }

    @Test
    void aFullLogIsWaitedFor() throws Exception {
        group.full = true;
        CompletableFuture<byte[]> write = driver().write(0, pattern(1, 4096), 0);
        CompletableFuture<byte[]> next = driver().write(4096, pattern(2, 4096), 0);
        Eventually.until(() -> group.submitted == 1);
        assertThat(write).isNotDone();
        group.full = false;
        shown.wake();
        end(write);
        end(next);
        assertThat(group.bytes(0, 4096, 4096)).isEqualTo(pattern(2, 4096));
    }

    @Test
    void whileTheGroupIsNotServedRequestsWait() throws Exception {
        shown.serve(false, Role.STARTING);
        CompletableFuture<byte[]> write = driver().write(0, pattern(1, 4096), 0);
        Eventually.until(() -> shown.devices().getFirst().state() == State.WAITING);
        assertThat(write).isNotDone();
        shown.serve(true, Role.PRIMARY);
        end(write);
    }

    @Test
    void onceAnotherSiteIsPrimaryTheyFail() throws Exception {
        shown.serve(false, Role.STARTING);
        CompletableFuture<byte[]> write = driver().write(0, pattern(1, 4096), 0);
        shown.role = Role.FENCED;
        fails(write);
        fails(driver().read(0, 512));
    }

    @Test
    void aDeviceThatIsRemovedAndMadeAgainIsServedAgain() throws Exception {
        end(driver().write(0, pattern(1, 512), 0));
        DmUserDriver first = driver();
        driver = null;
        first.destroy();
        Eventually.until(() -> first.channels() == 0);
        Eventually.until(() -> shown.problem() != null);
        assertThat(shown.devices()).containsExactly(new ShownDevice("data", "", State.ABSENT));
        assertThat(Objects.requireNonNull(shown.problem()).reason())
                .contains("no table of the target user names it");
        assertThat(shown.events)
                .filteredOn(line -> line.contains("write another front-end"))
                .as("said once")
                .hasSize(1);
        driver = new DmUserDriver();
        assertThat(end(driver().read(0, 512))).isEqualTo(pattern(1, 512));
    }

    @Test
    void aMissingRightIsNamedWithItsRemedy() throws Exception {
        refusal = Errno.EACCES;
        DmUserDriver first = driver();
        driver = null;
        first.destroy();
        Eventually.until(() ->
                shown.events.stream()
                        .anyMatch(line ->
                                line.startsWith("/dev/dm-user/g-data: open: permission denied")
                                        && line.contains("run dmctld as root")));
        assertThat(Objects.requireNonNull(shown.problem()).reason()).contains("run dmctld as root");
    }

    @Test
    void itDoesNotStopByOrderUnderATable() throws Exception {
        end(driver().write(0, pattern(1, 512), 0));
        assertThat(shown.stop(false)).contains("dmsetup remove").contains("/dev/dm-user/g-data");
        end(driver().write(0, pattern(1, 512), 0));
        assertThat(shown.stop(true)).isEmpty();
    }

    @Test
    void blocksLargerThanTheDriversAreRefused() {
        List<Export> large = List.of(new Export("data", "g", 0, 1 << 20, 4096));
        assertThatThrownBy(() ->
                        new ShownGroup(
                                large,
                                group,
                                (server, served) -> DmUserFrontEnd.open(large, served)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("dm-user has blocks of 512 bytes");
    }
}
