package dmctl.daemon.mapper;

import dmctl.daemon.front.DeviceFrontEnd;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.front.ShownDevice;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A front end whose devices are what the test says. */
final class FakeUnder implements DeviceFrontEnd {
    volatile List<ShownDevice> shown = List.of();
    volatile String refusal = "";
    volatile @Nullable FrontEndProblem problem;
    final AtomicInteger stops = new AtomicInteger();
    volatile boolean closed;

    @Override
    public boolean endOfRound() {
        return false;
    }

    @Override
    public List<ShownDevice> devices() {
        return shown;
    }

    @Override
    public @Nullable FrontEndProblem problem() {
        return problem;
    }

    @Override
    public long memoryBytes() {
        return 5;
    }

    @Override
    public void stop(boolean keepUsed, Consumer<String> told) {
        stops.incrementAndGet();
        told.accept(refusal);
    }

    @Override
    public void close() {
        closed = true;
    }
}
