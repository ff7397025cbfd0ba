package dmctl.nativebridge;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** A ring to a {@link FakeUblk}. Its descriptor is an eventfd, readable while ends are there. */
final class FakeRing implements CommandRing {
    /** A command as the driver sees it. */
    record Sqe(int fd, int command, long word0, long word1, long word2, long word3, long data) {}

    private static final int NONBLOCK = 04000;
    private static final MethodHandle READ =
            Linker.nativeLinker()
                    .downcallHandle(
                            Linker.nativeLinker().defaultLookup().findOrThrow("read"),
                            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));

    private final FakeUblk driver;
    private final int entries;
    private final boolean wide;
    private final Thread owner = Thread.currentThread();
    private final int eventFd = LibC.eventfd(0, LibC.O_CLOEXEC | NONBLOCK);
    private final MemorySegment count = Arena.ofAuto().allocate(JAVA_LONG);
    private final ArrayDeque<Sqe> queued = new ArrayDeque<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final ArrayDeque<long[]> ends = new ArrayDeque<>();
    private boolean forgotten;
    private long data;
    private int result;

    FakeRing(FakeUblk driver, int entries, boolean wide) {
        this.driver = driver;
        this.entries = entries;
        this.wide = wide;
    }

    boolean wide() {
        return wide;
    }

    /** Nothing of what is under way ends any more. */
    void forget() {
        lock.lock();
        try {
            forgotten = true;
            ends.clear();
        } finally {
            lock.unlock();
        }
    }

    void end(long of, int with) {
        lock.lock();
        try {
            if (!forgotten) {
                ends.add(new long[] {of, with});
                LibC.eventfdWrite(eventFd, 1);
                arrived.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private void mustBeOwner() {
        if (!owner.equals(Thread.currentThread())) {
            throw new IllegalStateException("the ring is of " + owner);
        }
    }

    private void queue(Sqe sqe) {
        mustBeOwner();
        if (queued.size() == entries) {
            throw new IllegalStateException("the ring is full");
        }
        queued.add(sqe);
    }

    @Override
    public void command(int fd, int command, long word0, long word1, long with) {
        queue(new Sqe(fd, command, word0, word1, 0, 0, with));
    }

    @Override
    public void wideCommand(
            int fd, int command, long word0, long word1, long word2, long word3, long with) {
        queue(new Sqe(fd, command, word0, word1, word2, word3, with));
    }

    @Override
    public boolean due() {
        return !queued.isEmpty();
    }

    @Override
    public void submit() throws IOException {
        mustBeOwner();
        if (driver.breakRings) {
            throw new IOException("io_uring_enter");
        }
        while (!queued.isEmpty()) {
            driver.execute(this, queued.remove());
        }
    }

    @Override
    public void await(long nanos) throws IOException {
        submit();
        lock.lock();
        try {
            long left = nanos;
            while (ends.isEmpty() && left > 0) {
                left = arrived.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean next() {
        lock.lock();
        try {
            long[] end = ends.poll();
            if (end == null) {
                long read = (long) READ.invokeExact(eventFd, count.address(), 8L);
                return read > 8;
            }
            data = end[0];
            result = (int) end[1];
            return true;
        } catch (Throwable e) {
            throw new AssertionError(e);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long data() {
        return data;
    }

    @Override
    public int result() {
        return result;
    }

    @Override
    public int bell() {
        return eventFd;
    }

    /** Leaves its descriptor to whoever may still write to it. */
    @Override
    public void close() {
        forget();
    }
}
