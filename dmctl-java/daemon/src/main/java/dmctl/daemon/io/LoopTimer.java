package dmctl.daemon.io;

import org.jspecify.annotations.Nullable;

/** A task that a {@link GroupLoop} runs once when it is due. On the loop only. */
public final class LoopTimer implements Comparable<LoopTimer> {
    private final long deadline;
    private @Nullable Runnable task;

    LoopTimer(long deadline, Runnable task) {
        this.deadline = deadline;
        this.task = task;
    }

    /** Forgets the task; without effect after it has run. */
    public void cancel() {
        task = null;
    }

    long deadline() {
        return deadline;
    }

    boolean cancelled() {
        return task == null;
    }

    void run() {
        Runnable due = task;
        task = null;
        if (due != null) {
            due.run();
        }
    }

    @Override
    public int compareTo(LoopTimer other) {
        return Long.compare(deadline, other.deadline);
    }
}
