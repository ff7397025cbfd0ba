package dmctl.daemon.io;

import dmctl.engine.port.Io;
import dmctl.engine.port.Storage;
import dmctl.nativebridge.Errno;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A log or device in a file or on a block device, served by a few threads of its own that block in
 * system calls. One descriptor writes, and it is the one that is locked: when the process is
 * killed, the lock ends only after its last write has. Where there is a {@link DiskRing}, the
 * threads are left with what it does not do.
 *
 * <p>Says that its cache is volatile even of a device that claims to have none: behind a network or
 * a loop device that claim is not always true, and where it is, a flush costs next to nothing.
 */
public final class FileStorage implements Storage {
    /** Whether to go past the page cache. */
    public enum Direct {
        /** Where the file system allows it. */
        AUTO,
        /** Never. */
        OFF
    }

    /**
     * How a file is opened and served.
     *
     * @param direct whether to go past the page cache
     * @param blockBytes granularity of all that will be asked, 512 or 4096
     * @param writers threads for writes and zeroes, and for all that has no threads of its own
     * @param readers threads for reads and extents; 0: the writers do it
     * @param flushers threads for flushes, which then do not hold up writes; 0: the writers do it
     * @param spinNanos how long an idle thread looks for work before it sleeps; costs a processor
     */
    public record Options(
            Direct direct, int blockBytes, int writers, int readers, int flushers, long spinNanos) {
        /**
         * For a log: writes in order by one thread, flushes beside them.
         *
         * @return the options
         */
        public static Options forLog() {
            return new Options(Direct.AUTO, 4096, 1, 2, 1, 0);
        }

        /**
         * For a device: four threads for everything.
         *
         * @param blockBytes the group's block size
         * @return the options
         */
        public static Options forDevice(int blockBytes) {
            return new Options(Direct.AUTO, blockBytes, 4, 0, 0, 0);
        }

        /** With io_uring for reads and writes: threads for the rest. */
        Options besideRing() {
            return new Options(direct, blockBytes, 1, 0, 1, spinNanos);
        }

        /**
         * The same, but for the page cache.
         *
         * @param other whether to go past it
         * @return the options
         */
        public Options withDirect(Direct other) {
            return new Options(other, blockBytes, writers, readers, flushers, spinNanos);
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(FileStorage.class);

    /** In {@link #state}: closed, or to be closed by whoever ends the last operation. */
    private static final long CLOSING = 1L << 62;

    private final StorageFile open;
    private final CompletionQueue completions;
    private final Lane writes;
    private final Lane reads;
    private final Lane flushes;
    private final @Nullable RingFile ringFile;

    /** Asked for since it was opened; both on the thread that submits. */
    private long readsAsked;

    private long writesAsked;

    /** Operations under way, and {@link #CLOSING}. */
    private final AtomicLong state = new AtomicLong();

    private FileStorage(
            StorageFile open,
            Options options,
            CompletionQueue completions,
            @Nullable DiskRing ring) {
        this.open = open;
        this.completions = completions;
        ringFile = ring == null ? null : ring.add(open, this::ended);
        writes = lane("write", options.writers(), options);
        reads = options.readers() == 0 ? writes : lane("read", options.readers(), options);
        flushes = options.flushers() == 0 ? writes : lane("flush", options.flushers(), options);
    }

    /**
     * Opens and locks a file or block device.
     *
     * @param path which; it must exist ({@link StorageFiles#create})
     * @param options how
     * @param completions where ends are told
     * @return the storage
     * @throws IOException if it cannot be opened or somebody else uses it, with who and the remedy
     */
    public static FileStorage open(Path path, Options options, CompletionQueue completions)
            throws IOException {
        return open(path, options, completions, null);
    }

    /**
     * The same with io_uring where the file goes past the page cache: through it the kernel would
     * only use threads of its own. So it does for a flush, which therefore keeps a thread of ours.
     */
    static FileStorage open(
            Path path, Options options, CompletionQueue completions, @Nullable DiskRing ring)
            throws IOException {
        StorageFile file =
                StorageFile.open(path, options.direct() == Direct.AUTO, options.blockBytes());
        if (ring == null || !file.direct()) {
            return new FileStorage(file, options, completions, null);
        }
        return new FileStorage(file, options.besideRing(), completions, ring);
    }

    private Lane lane(String kind, int threads, Options options) {
        Path fileName = Path.of(name()).getFileName();
        return new Lane(fileName + "-" + kind, threads, options.spinNanos(), this::newWorker);
    }

    private Consumer<Io> newWorker() {
        FileWorker worker = new FileWorker(open.file(), open.sizeBytes(), open.memoryAlign());
        return io -> serve(worker, io);
    }

    private void serve(FileWorker worker, Io io) {
        try {
            io.error = worker.perform(io);
        } catch (RuntimeException | Error e) {
            // A worker that died here would leave its submitter waiting for ever.
            LOG.error("storage={} op={} offset={} failed", name(), io.op, io.offset, e);
            io.error = Errno.EIO;
        }
        ended(io);
    }

    private void ended(Io io) {
        if (state.decrementAndGet() == CLOSING) {
            release();
        }
        completions.push(io);
    }

    /**
     * Tells whether the page cache is passed by.
     *
     * @return true with O_DIRECT
     */
    public boolean direct() {
        return open.direct();
    }

    /**
     * Returns how many reads were asked for since it was opened.
     *
     * @return a count, on the thread that submits
     */
    public long readsAsked() {
        return readsAsked;
    }

    /**
     * Returns how many writes were asked for since it was opened.
     *
     * @return a count, on the thread that submits
     */
    public long writesAsked() {
        return writesAsked;
    }

    @Override
    public String name() {
        return open.file().name();
    }

    @Override
    public long sizeBytes() {
        return open.sizeBytes();
    }

    @Override
    public boolean hasVolatileCache() {
        return true;
    }

    @Override
    public void submit(Io io) {
        if (state.get() >= CLOSING) {
            io.error = Errno.EBADF;
            completions.push(io);
            return;
        }
        state.incrementAndGet();
        switch (io.op) {
            case WRITE -> writesAsked++;
            case READ -> readsAsked++;
            case ZERO, EXTENTS, FLUSH -> {}
        }
        RingFile quick = ringFile;
        if (quick != null && quick.takes(io)) {
            quick.submit(io);
            return;
        }
        switch (io.op) {
            case WRITE, ZERO -> writes.submit(io);
            case READ, EXTENTS -> reads.submit(io);
            case FLUSH -> flushes.submit(io);
        }
    }

    /**
     * Releases the file after everything submitted has ended: before this returns if nothing is
     * under way, else by the thread that ends the last operation.
     */
    @Override
    public void close() {
        long before = state.getAndUpdate(value -> value | CLOSING);
        if (before == 0) {
            release();
        }
    }

    private void release() {
        if (ringFile != null) {
            ringFile.leave();
        }
        writes.close();
        reads.close();
        flushes.close();
        open.file().close();
    }
}
