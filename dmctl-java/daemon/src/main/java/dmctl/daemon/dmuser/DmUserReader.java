package dmctl.daemon.dmuser;

import dmctl.nativebridge.DmUserCalls;
import dmctl.nativebridge.DmUserMessage;
import dmctl.nativebridge.Errno;
import dmctl.nativebridge.ErrnoException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The thread that reads requests of one device: the driver can only be waited for in a read. It
 * ends with the process, for nothing wakes it but a request or the end of the device.
 */
final class DmUserReader implements Runnable {
    private static final String FOLDER = "/dev/dm-user";
    private static final long AGAIN_MILLIS = 500;

    /** How a device is opened. */
    @FunctionalInterface
    interface Opener {
        DmUserCalls open(Path path) throws IOException;
    }

    private final Path path;
    private final Opener opener;
    private final Executor loop;
    private final Consumer<String> events;
    private final MemorySegment head = Arena.ofAuto().allocate(DmUserMessage.HEAD_BYTES);
    private final ArrayDeque<DmUserSlot> free = new ArrayDeque<>(DmUserDevice.SLOTS);
    private @Nullable DmUserSlot large;
    private volatile boolean open;
    private volatile String problem = "";
    private final CountDownLatch stopped = new CountDownLatch(1);

    DmUserReader(String name, Opener opener, Executor loop, Consumer<String> events) {
        this.path = Path.of(FOLDER, name);
        this.opener = opener;
        this.loop = loop;
        this.events = events;
    }

    String path() {
        return path.toString();
    }

    /** Whether a table names the device, and this reads its requests. */
    boolean isOpen() {
        return open;
    }

    /** Why the device cannot be opened; empty while it can. */
    String problem() {
        return problem;
    }

    void start() {
        Thread.ofPlatform().daemon().name("dm-user-" + path.getFileName()).start(this);
    }

    /** A slot is free. */
    synchronized void give(DmUserSlot slot) {
        if (slot.capacity > DmUserDevice.SLOT_BYTES) {
            large = slot;
        } else {
            free.add(slot);
        }
        notifyAll();
    }

    /** Opens nothing any more; what is open is read until the device goes. */
    void stop() {
        stopped.countDown();
    }

    @Override
    public void run() {
        try {
            while (awaitOpening()) {
                DmUserOpening opening = open();
                if (opening != null) {
                    serve(opening);
                }
            }
        } catch (InterruptedException e) {
            events.accept(path + ": interrupted, not read any more");
        }
    }

    /** Waits a while after a failure; false if nothing is to be opened any more. */
    private boolean awaitOpening() throws InterruptedException {
        return !stopped.await(problem.isEmpty() ? 0 : AGAIN_MILLIS, TimeUnit.MILLISECONDS);
    }

    private @Nullable DmUserOpening open() {
        try {
            DmUserOpening opening = new DmUserOpening(opener.open(path), path.toString());
            problem = "";
            return opening;
        } catch (IOException e) {
            String now = refused(e);
            if (!now.equals(problem)) {
                events.accept(now);
            }
            problem = now;
            return null;
        }
    }

    /** In one line, with the remedy. */
    private String refused(IOException e) {
        String text = String.valueOf(e.getMessage());
        return switch (e instanceof ErrnoException refused ? refused.errno() : 0) {
            case Errno.ENOENT ->
                    path
                            + ": no table of the target user names it (Android kernels have it); make"
                            + " one with dmsetup create, or write another front-end";
            case Errno.EPERM, Errno.EACCES ->
                    text + "; run dmctld as root, or write another front-end";
            default -> text;
        };
    }

    private void serve(DmUserOpening opening) throws InterruptedException {
        open = true;
        events.accept(path + ": open");
        try {
            boolean more = true;
            while (more) {
                more = opening.readHead(head) && !opening.broken() && request(opening);
            }
            events.accept(path + (opening.broken() ? ": opened anew" : ": the device is gone"));
        } catch (IOException e) {
            problem = String.valueOf(e.getMessage());
            events.accept(problem + ": opened anew");
        } finally {
            open = false;
            opening.close();
        }
    }

    /** Reads the data of a request, if it has some, and hands it to the loop. */
    private boolean request(DmUserOpening opening) throws IOException, InterruptedException {
        long length = DmUserMessage.length(head);
        long type = DmUserMessage.type(head);
        boolean data = type == DmUserMessage.READ || type == DmUserMessage.WRITE;
        DmUserSlot slot = awaitSlot(data ? length : 0);
        slot.take(opening, head);
        boolean there = true;
        for (long rest = type == DmUserMessage.WRITE ? length : 0; rest > 0 && there; ) {
            // Of one that is too long nothing is used, but all of it has to be read.
            long bytes = Math.min(rest, slot.capacity);
            there = opening.readData(slot.dataAddress, bytes);
            rest -= bytes;
        }
        if (there) {
            loop.execute(slot);
        } else {
            give(slot);
        }
        return there;
    }

    private synchronized DmUserSlot awaitSlot(long length) throws InterruptedException {
        while (length > DmUserDevice.SLOT_BYTES ? large == null : free.isEmpty()) {
            wait();
        }
        if (length <= DmUserDevice.SLOT_BYTES) {
            return free.remove();
        }
        DmUserSlot slot = java.util.Objects.requireNonNull(large);
        large = null;
        return slot;
    }
}
