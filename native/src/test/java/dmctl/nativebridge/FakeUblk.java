package dmctl.nativebridge;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A ublk driver in memory that keeps the rules of Linux 6.12's: commands arrive as the words of
 * their structures, and what the driver refuses is refused here.
 */
public final class FakeUblk implements UblkSystem {
    /** What the driver says that it can do; 6.12 says this. */
    public volatile long features = 0x1fe;

    /** Positive errno of an attempt to open the driver, or 0. */
    public volatile int controlError;

    /** Positive errno of an attempt to make a ring, or 0. */
    public volatile int ringError;

    /** Whether there is a module. */
    public volatile boolean module = true;

    /** How often a recovery is refused because the last server is not gone. */
    public final AtomicInteger busy = new AtomicInteger();

    /** How often the end of a recovery is interrupted. */
    public final AtomicInteger interrupted = new AtomicInteger();

    /** Whether rings take nothing any more. */
    public volatile boolean breakRings;

    /** Whether commands of servers are refused. */
    public volatile boolean refusing;

    /** A command that never ends, or 0. */
    public volatile int stuckCommand;

    /** Every control command, as its number and device. */
    public final List<String> commands = new ArrayList<>();

    private static final int CONTROL_FD = 100_000;
    private static final int SERVER_FD = 110_000;
    private static final int USER_FD = 120_000;

    private final Map<Integer, FakeDevice> devices = new TreeMap<>();
    private final Map<Integer, FakeDevice> leaving = new TreeMap<>();
    private final List<Waiting> waiting = new ArrayList<>();
    private final List<FakeRing> rings = new ArrayList<>();
    private final KernelUblk real = new KernelUblk();

    private record Waiting(FakeRing ring, long data, Supplier<OptionalInt> ended) {}

    /** Makes a driver without devices. */
    public FakeUblk() {}

    @Override
    public CommandRing ring(int entries, boolean wide) throws IOException {
        if (ringError != 0) {
            throw new ErrnoException("io_uring_setup", "io_uring", ringError);
        }
        FakeRing ring = new FakeRing(this, entries, wide);
        synchronized (this) {
            rings.add(ring);
        }
        return ring;
    }

    @Override
    public int openControl() {
        return controlError == 0 ? CONTROL_FD : -controlError;
    }

    @Override
    public synchronized int openServer(int id) {
        FakeDevice device = devices.get(id);
        if (device == null) {
            return -Errno.ENOENT;
        }
        if (device.served) {
            return -Errno.EBUSY;
        }
        device.served = true;
        return SERVER_FD + id;
    }

    @Override
    public synchronized int openExclusively(int id) {
        FakeDevice device = devices.get(id);
        if (device == null || !device.shown) {
            return -Errno.ENOENT;
        }
        return device.mounted ? -Errno.EBUSY : USER_FD + id;
    }

    @Override
    public int flush(int fd) {
        return 0;
    }

    @Override
    public synchronized void close(int fd) {
        if (fd >= SERVER_FD && fd < USER_FD) {
            int id = fd - SERVER_FD;
            FakeDevice device = leaving.containsKey(id) ? leaving.remove(id) : devices.get(id);
            Objects.requireNonNull(device).served = false;
            poke();
        }
    }

    @Override
    public synchronized MemorySegment mapDescriptors(int fd, long bytes) throws IOException {
        FakeDevice device = devices.get(fd - SERVER_FD);
        if (device == null || bytes != device.descriptors.byteSize()) {
            throw new ErrnoException("mmap", "ublk", Errno.EINVAL);
        }
        return device.descriptors;
    }

    @Override
    public MemorySegment allocate(long bytes) throws IOException {
        return real.allocate(bytes);
    }

    @Override
    public synchronized void free(MemorySegment segment) {
        boolean descriptors =
                devices.values().stream().anyMatch(device -> device.descriptors.equals(segment));
        if (!descriptors
                && leaving.values().stream().noneMatch(d -> d.descriptors.equals(segment))) {
            real.free(segment);
        }
    }

    @Override
    public synchronized int[] devices() {
        return devices.keySet().stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public boolean hasModule() {
        return module;
    }

    /** The state of a device; empty if there is none. */
    public synchronized String state(int id) {
        FakeDevice device = devices.get(id);
        return device == null ? "" : device.state.name();
    }

    /** Mounts a device, or unmounts it. */
    public synchronized void mount(int id, boolean mounted) {
        Objects.requireNonNull(devices.get(id)).mounted = mounted;
    }

    /** Makes a device of somebody else. */
    public synchronized void addForeign(int id, UblkDevice.State state, long mark) {
        FakeDevice device = new FakeDevice(id, 4, 4096, 0, mark);
        device.state = state;
        devices.put(id, device);
    }

    /** Removes a device of somebody else. */
    public synchronized void remove(int id) {
        devices.remove(id);
    }

    /** The server is killed: what it had is requeued, its descriptors are closed. */
    public synchronized void killServer() {
        for (FakeDevice device : devices.values()) {
            if (device.served) {
                device.served = false;
                device.quiesce();
            }
        }
        waiting.clear();
        rings.forEach(FakeRing::forget);
    }

    /**
     * Sends a request as an application.
     *
     * @return told of its end: 0 or more, or the negative errno
     */
    public CompletableFuture<Integer> request(
            int id, int op, int flags, long sector, int sectors, byte[] data) {
        FakeDevice.Bio bio = new FakeDevice.Bio(op | flags, sector, sectors, data);
        synchronized (this) {
            FakeDevice device = devices.get(id);
            if (device == null || device.state == UblkDevice.State.DEAD) {
                bio.ended.complete(-Errno.EIO);
            } else {
                device.queued.add(bio);
                device.deliver();
            }
        }
        return bio.ended;
    }

    /** Runs a command for a ring; called by the ring when it is submitted. */
    synchronized void execute(FakeRing ring, FakeRing.Sqe sqe) {
        if (sqe.fd() == CONTROL_FD) {
            control(ring, sqe);
        } else {
            FakeDevice device = devices.get(sqe.fd() - SERVER_FD);
            if (device == null || refusing) {
                ring.end(sqe.data(), device == null ? -Errno.EBADF : -Errno.EINVAL);
                return;
            }
            int refused = device.serve(ring, sqe);
            if (refused != 0) {
                ring.end(sqe.data(), refused);
            }
            poke();
        }
    }

    private void control(FakeRing ring, FakeRing.Sqe sqe) {
        int id = (int) sqe.word0();
        int queue = (int) (sqe.word0() >>> 32) & 0xffff;
        int length = (int) (sqe.word0() >>> 48);
        commands.add(String.format(java.util.Locale.ROOT, "%08x %d", sqe.command(), id));
        if (sqe.command() == stuckCommand) {
            return;
        }
        if (!ring.wide() || queue != 0xffff) {
            ring.end(sqe.data(), -Errno.EINVAL);
            return;
        }
        MemorySegment payload = MemorySegment.ofAddress(sqe.word1()).reinterpret(length);
        FakeDevice device = devices.get(id);
        switch (sqe.command()) {
            case UblkAbi.GET_FEATURES -> {
                payload.set(JAVA_LONG, 0, features);
                ring.end(sqe.data(), features == 0 ? -Errno.EOPNOTSUPP : 0);
            }
            case UblkAbi.ADD_DEV -> ring.end(sqe.data(), add(id, payload));
            default -> {
                if (device == null) {
                    ring.end(sqe.data(), -Errno.ENODEV);
                } else {
                    waiting.add(new Waiting(ring, sqe.data(), onDevice(device, sqe, payload)));
                    poke();
                }
            }
        }
    }

    private int add(int wanted, MemorySegment payload) {
        if (payload.byteSize() != UblkAbi.INFO_BYTES
                || payload.get(JAVA_INT, UblkAbi.INFO_ID) != wanted) {
            return -Errno.EINVAL;
        }
        int id = wanted;
        if (id == -1) {
            id = 0;
            while (devices.containsKey(id)) {
                id++;
            }
        } else if (devices.containsKey(id)) {
            return -Errno.EEXIST;
        }
        long flags = (payload.get(JAVA_LONG, UblkAbi.INFO_FLAGS) & features) | 2;
        FakeDevice device =
                new FakeDevice(
                        id,
                        payload.get(JAVA_SHORT, UblkAbi.INFO_DEPTH),
                        payload.get(JAVA_INT, UblkAbi.INFO_MAX_IO_BYTES) & -4096,
                        flags,
                        payload.get(JAVA_LONG, UblkAbi.INFO_SERVER_FLAGS));
        devices.put(id, device);
        device.describe(payload);
        return 0;
    }

    private Supplier<OptionalInt> onDevice(
            FakeDevice device, FakeRing.Sqe sqe, MemorySegment payload) {
        return switch (sqe.command()) {
            case UblkAbi.GET_DEV_INFO -> at(() -> device.describe(payload));
            case UblkAbi.SET_PARAMS -> at(() -> device.setParameters(payload));
            case UblkAbi.GET_PARAMS -> at(() -> device.parameters(payload));
            case UblkAbi.START_DEV -> () -> device.start((int) sqe.word2());
            case UblkAbi.STOP_DEV -> device::stop;
            case UblkAbi.DEL_DEV -> () -> delete(device);
            case UblkAbi.START_USER_RECOVERY ->
                    at(() -> device.recover(busy.getAndDecrement() > 0));
            case UblkAbi.END_USER_RECOVERY ->
                    interrupted.getAndDecrement() > 0
                            ? at(() -> -Errno.EINTR)
                            : () -> device.recovered((int) sqe.word2());
            default -> at(() -> -Errno.EOPNOTSUPP);
        };
    }

    private static Supplier<OptionalInt> at(java.util.function.IntSupplier once) {
        return () -> OptionalInt.of(once.getAsInt());
    }

    private OptionalInt delete(FakeDevice device) {
        if (devices.remove(device.id) != null && device.served) {
            leaving.put(device.id, device);
        }
        return device.served || device.mounted ? OptionalInt.empty() : OptionalInt.of(0);
    }

    /** Ends the commands that can end now. */
    void poke() {
        Iterator<Waiting> each = List.copyOf(waiting).iterator();
        while (each.hasNext()) {
            Waiting one = each.next();
            OptionalInt result = one.ended().get();
            if (result.isPresent() && waiting.remove(one)) {
                one.ring().end(one.data(), result.getAsInt());
            }
        }
    }

    /** The mark of a device. */
    public synchronized @Nullable Long mark(int id) {
        FakeDevice device = devices.get(id);
        return device == null ? null : device.mark;
    }
}
