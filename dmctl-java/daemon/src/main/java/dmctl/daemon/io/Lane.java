package dmctl.daemon.io;

import dmctl.engine.port.Io;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A queue of operations and the workers that take them, oldest first. To submit never blocks and
 * allocates nothing; only workers wait for each other, for the few steps of taking one.
 */
final class Lane {
    /** Limit of the bit set of idle workers. */
    static final int WORKERS_MAX = 64;

    private static final VarHandle SUBMITTED;
    private static final VarHandle IDLE;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            SUBMITTED = lookup.findVarHandle(Lane.class, "submitted", Io.class);
            IDLE = lookup.findVarHandle(Lane.class, "idle", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long spinNanos;
    private final Thread[] workers;

    /** Newest first. Emptied only as a whole, so that an operation that comes back is no danger. */
    private volatile @Nullable Io submitted;

    /** Oldest first; guarded by this. */
    private @Nullable Io taken;

    /** A bit for each worker that is about to park; whoever clears it has to see to its waking. */
    private volatile long idle;

    private volatile boolean closing;

    /**
     * Starts the workers.
     *
     * @param name of the threads, numbered
     * @param count of workers, 1 to 64
     * @param spinNanos how long an idle worker looks for work before it parks
     * @param work made for each worker, called with each operation
     */
    Lane(String name, int count, long spinNanos, java.util.function.Supplier<Consumer<Io>> work) {
        if (count < 1 || count > WORKERS_MAX) {
            throw new IllegalArgumentException(name + ": workers: " + count + ", not in 1..64");
        }
        this.spinNanos = spinNanos;
        workers = new Thread[count];
        for (int i = 0; i < count; i++) {
            long bit = 1L << i;
            Consumer<Io> consumer = work.get();
            workers[i] =
                    Thread.ofPlatform()
                            .name(name + "-" + i)
                            .daemon(true)
                            .unstarted(() -> serve(bit, consumer));
        }
        for (Thread worker : workers) {
            worker.start();
        }
    }

    /** Hands over an operation. From any thread, not after {@link #close}. */
    void submit(Io io) {
        Io newest;
        do {
            newest = submitted;
            io.next = newest;
        } while (!SUBMITTED.compareAndSet(this, newest, io));
        wakeOne();
    }

    /** Lets the workers end once the queue is empty. */
    void close() {
        closing = true;
        for (int i = 0; i < workers.length; i++) {
            wakeOne();
        }
    }

    private void wakeOne() {
        long bits = idle;
        while (bits != 0) {
            long bit = Long.lowestOneBit(bits);
            if (IDLE.compareAndSet(this, bits, bits & ~bit)) {
                LockSupport.unpark(workers[Long.numberOfTrailingZeros(bit)]);
                return;
            }
            bits = idle;
        }
    }

    private void serve(long bit, Consumer<Io> consumer) {
        while (true) {
            Io io = take();
            if (io != null) {
                consumer.accept(io);
            } else if (closing) {
                return;
            } else if (!spin()) {
                park(bit);
            }
        }
    }

    private synchronized @Nullable Io take() {
        if (taken == null) {
            taken = CompletionQueue.reversed((Io) SUBMITTED.getAndSet(this, null));
        }
        Io io = taken;
        if (io != null) {
            taken = io.next;
            io.next = null;
        }
        return io;
    }

    private synchronized boolean hasWork() {
        return taken != null || submitted != null;
    }

    /** Returns whether work may be there. */
    private boolean spin() {
        if (spinNanos == 0) {
            return false;
        }
        long start = System.nanoTime();
        while (System.nanoTime() - start < spinNanos) {
            if (submitted != null || closing) {
                return true;
            }
            Thread.onSpinWait();
        }
        return false;
    }

    /** Looks once more after the bit is set: who submits looks at the bits after it has. */
    private void park(long bit) {
        IDLE.getAndBitwiseOr(this, bit);
        while ((idle & bit) != 0) {
            if (hasWork() || closing) {
                IDLE.getAndBitwiseAnd(this, ~bit);
                return;
            }
            LockSupport.park(this);
        }
    }
}
