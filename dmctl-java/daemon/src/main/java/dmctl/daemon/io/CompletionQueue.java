package dmctl.daemon.io;

import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Ends of operations on their way from any thread to the one that owns the group. Allocates
 * nothing: the operations themselves are the links.
 */
public final class CompletionQueue {
    private static final VarHandle ARRIVED;

    static {
        try {
            ARRIVED =
                    MethodHandles.lookup()
                            .findVarHandle(CompletionQueue.class, "arrived", Io.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Runnable wake;

    /** Newest first. Emptied only as a whole, so that an operation that comes back is no danger. */
    private volatile @Nullable Io arrived;

    /** Oldest first; of the owner alone. */
    private @Nullable Io ready;

    /**
     * Makes an empty queue.
     *
     * @param wake run by the thread that brings an end, after it: has to be cheap when the owner is
     *     awake
     */
    public CompletionQueue(Runnable wake) {
        this.wake = wake;
    }

    /**
     * Brings an end. From any thread.
     *
     * @param io what has ended, its error set
     */
    public void push(Io io) {
        Io newest;
        do {
            newest = arrived;
            io.next = newest;
        } while (!ARRIVED.compareAndSet(this, newest, io));
        wake.run();
    }

    /**
     * Tells whether ends wait to be told. By the owner.
     *
     * @return true if none
     */
    public boolean isEmpty() {
        return ready == null && arrived == null;
    }

    /**
     * Tells ends to whoever submitted, in the order in which they came. By the owner.
     *
     * @param limit at most this many
     * @return how many were told
     */
    public int drain(int limit) {
        int told = 0;
        while (told < limit) {
            if (ready == null) {
                ready = reversed((Io) ARRIVED.getAndSet(this, null));
            }
            Io io = ready;
            if (io == null) {
                break;
            }
            ready = io.next;
            io.next = null;
            told++;
            IoDone done = io.done;
            if (done != null) {
                done.ioDone(io);
            }
        }
        return told;
    }

    /** Turns newest first into oldest first. */
    static @Nullable Io reversed(@Nullable Io newest) {
        Io oldest = null;
        Io io = newest;
        while (io != null) {
            Io older = io.next;
            io.next = oldest;
            oldest = io;
            io = older;
        }
        return oldest;
    }
}
