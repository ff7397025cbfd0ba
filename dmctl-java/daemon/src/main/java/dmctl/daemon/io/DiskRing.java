package dmctl.daemon.io;

import dmctl.engine.port.Io;
import dmctl.nativebridge.Errno;
import dmctl.nativebridge.IoUring;
import dmctl.nativebridge.NativeFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that reads, writes and flushes the local files of a site through io_uring: many
 * operations for one system call, and none of them waits for another. What is submitted in a round
 * of the group's loop goes over together, by {@link #kick} at its end. Devices of other sites are
 * not served here: a path to them that hangs must hold up nobody.
 */
final class DiskRing implements AutoCloseable {
    /** Operations under way at most; what is submitted beyond waits in its queue. */
    private static final int SLOTS = 255;

    private static final Logger LOG = LoggerFactory.getLogger(DiskRing.class);

    /** Replaced as a whole: whoever looks through it takes it once. */
    private volatile RingFile[] files = {};

    private final AtomicBoolean asleep = new AtomicBoolean();
    private final Consumer<Throwable> failed;
    private final CompletableFuture<IoUring> opened = new CompletableFuture<>();
    private final Thread thread;
    private final IoUring ring;
    private volatile boolean closing;

    private final @Nullable Io[] ios = new @Nullable Io[SLOTS];
    private final @Nullable RingFile[] filesOf = new @Nullable RingFile[SLOTS];
    private final int[] moved = new int[SLOTS];
    private final int[] free = new int[SLOTS];
    private int freeCount = SLOTS;

    private DiskRing(String name, Consumer<Throwable> failed) throws IOException {
        this.failed = failed;
        for (int i = 0; i < SLOTS; i++) {
            free[i] = i;
        }
        thread = Thread.ofPlatform().name(name + "-ring").daemon(true).unstarted(this::run);
        thread.start();
        try {
            ring = opened.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof IOException refused
                    ? refused
                    : new IOException(e.getCause());
        }
    }

    /**
     * Starts the thread.
     *
     * @param name of the group, for the thread
     * @param failed told, on the ring's thread, when nothing submitted will end any more
     * @return the ring
     * @throws IOException where io_uring is missing or not permitted
     */
    static DiskRing start(String name, Consumer<Throwable> failed) throws IOException {
        return new DiskRing(name, failed);
    }

    /** Adds a file, which goes past the page cache. */
    RingFile add(StorageFile file, boolean readsOnly, RingFile.Done done) {
        RingFile added = new RingFile(file, readsOnly, done);
        synchronized (opened) {
            RingFile[] more = Arrays.copyOf(files, files.length + 1);
            more[files.length] = added;
            files = more;
        }
        return added;
    }

    /** Forgets a file of which nothing is under way. */
    void remove(RingFile file) {
        synchronized (opened) {
            files = Stream.of(files).filter(each -> each != file).toArray(RingFile[]::new);
        }
    }

    /**
     * Hands over what has been submitted. From any thread; costs next to nothing if it is awake.
     */
    void kick() {
        if (asleep.get() && hasSubmitted() && asleep.compareAndSet(true, false)) {
            ring.wake();
        }
    }

    /** Lets the thread end when nothing is under way any more. */
    @Override
    public void close() {
        closing = true;
        if (asleep.compareAndSet(true, false)) {
            ring.wake();
        }
    }

    private boolean hasSubmitted() {
        for (RingFile file : files) {
            if (file.hasSubmitted()) {
                return true;
            }
        }
        return false;
    }

    /** On the ring's thread: whether there is something that can be started now. */
    private boolean mayStart() {
        if (freeCount > 0) {
            for (RingFile file : files) {
                if (file.mayStart()) {
                    return true;
                }
            }
        }
        return false;
    }

    private void run() {
        try {
            IoUring own = IoUring.open(SLOTS + 1);
            opened.complete(own);
            serve(own);
            // Not after a failure: the kernel may still use memory of what is under way.
            own.close();
        } catch (Throwable e) {
            if (!opened.completeExceptionally(e)) {
                LOG.error("io_uring failed", e);
                failed.accept(e);
            }
        }
    }

    private void serve(IoUring own) throws IOException {
        while (!(closing && freeCount == SLOTS && !mayStart())) {
            startSubmitted(own);
            enter(own);
            while (own.next()) {
                if (own.data() != IoUring.WOKEN) {
                    ended(own, (int) own.data(), own.result());
                }
            }
        }
    }

    private void startSubmitted(IoUring own) {
        for (RingFile file : files) {
            while (freeCount > 0) {
                Io io = file.take();
                if (io == null) {
                    break;
                }
                int slot = free[--freeCount];
                ios[slot] = io;
                filesOf[slot] = file;
                moved[slot] = 0;
                queue(own, slot, file, io);
            }
        }
    }

    private void queue(IoUring own, int slot, RingFile of, Io io) {
        NativeFile file = of.file();
        if (io.op == Io.Op.FLUSH) {
            own.syncData(file, slot);
            return;
        }
        ByteBuffer buffer = io.buffer;
        if (buffer == null) {
            throw new IllegalStateException("checked before: a buffer");
        }
        int done = moved[slot];
        long address = MemorySegment.ofBuffer(buffer).address() + done;
        int length = buffer.remaining() - done;
        if (io.op == Io.Op.READ) {
            own.read(file, address, length, io.offset + done, slot);
        } else {
            own.write(file, address, length, io.offset + done, slot);
        }
    }

    private void enter(IoUring own) throws IOException {
        asleep.set(true);
        // Who submits looks at the flag afterwards, so one of the two sees the other.
        boolean over = closing && freeCount == SLOTS;
        own.enter(!mayStart() && !over);
        asleep.set(false);
    }

    private void ended(IoUring own, int slot, int result) {
        Io io = ios[slot];
        RingFile file = filesOf[slot];
        if (io == null || file == null) {
            throw new IllegalStateException("an end of nothing: slot " + slot);
        }
        if (io.op == Io.Op.FLUSH) {
            // Never repeated: a second one may succeed though the first has lost data.
            io.error = Math.max(0, -result);
        } else if (result == -Errno.EINTR || result == -Errno.EAGAIN) {
            queue(own, slot, file, io);
            return;
        } else if (result <= 0) {
            // No bytes: the file was cut short since it was opened.
            io.error = result == 0 ? Errno.EIO : -result;
        } else {
            moved[slot] += result;
            ByteBuffer buffer = io.buffer;
            if (buffer != null && moved[slot] < buffer.remaining()) {
                queue(own, slot, file, io);
                return;
            }
            io.error = 0;
        }
        ios[slot] = null;
        filesOf[slot] = null;
        free[freeCount++] = slot;
        file.ended(io);
    }
}
