package dmctl.daemon.ublk;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Has the group's thread do what only it may do, and waits for that. On any other thread. */
final class OnLoop {
    private static final long SECONDS = 30;

    private final DeviceKeeper.Loop loop;

    OnLoop(DeviceKeeper.Loop loop) {
        this.loop = loop;
    }

    void run(Runnable task) throws IOException {
        get(() -> {
            task.run();
            return true;
        });
    }

    <T> T get(Callable<T> task) throws IOException {
        CompletableFuture<T> done = new CompletableFuture<>();
        loop.execute(() -> {
            try {
                done.complete(task.call());
            } catch (IOException e) {
                done.completeExceptionally(e);
            } catch (Exception e) {
                done.completeExceptionally(e);
                throw new IllegalStateException("ublk", e);
            }
        });
        return await(done, "the group's thread does not answer");
    }

    static <T> T await(CompletableFuture<T> future, String otherwise) throws IOException {
        try {
            return future.get(SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IOException(otherwise + " for " + SECONDS + " s", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
