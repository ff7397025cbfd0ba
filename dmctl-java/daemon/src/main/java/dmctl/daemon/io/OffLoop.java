package dmctl.daemon.io;

import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** One thread for what may block, with a bounded queue. Never interrupted: it may do I/O. */
public final class OffLoop implements Executor {
    /** What blocks. */
    @FunctionalInterface
    public interface Task {
        /**
         * Does it.
         *
         * @throws IOException if it fails
         */
        void run() throws IOException;
    }

    private static final int QUEUE = 4_096;

    private final ThreadPoolExecutor thread;

    /**
     * Starts the thread with the first task.
     *
     * @param name of the thread
     */
    public OffLoop(String name) {
        thread =
                new ThreadPoolExecutor(
                        1,
                        1,
                        0,
                        TimeUnit.SECONDS,
                        new ArrayBlockingQueue<>(QUEUE),
                        Thread.ofPlatform().daemon().name(name).factory());
    }

    @Override
    public void execute(Runnable task) {
        thread.execute(task);
    }

    /** Ends the thread after what is queued. */
    public void close() {
        thread.shutdown();
    }
}
