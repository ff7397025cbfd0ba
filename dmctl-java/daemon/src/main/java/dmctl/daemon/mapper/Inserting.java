package dmctl.daemon.mapper;

import dmctl.daemon.front.BackingGroup;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.mapper.MapperHost.Released;
import dmctl.engine.Admin;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Orders to put the group under names in use, and to take it out again. On the loop. */
final class Inserting {
    /** How long the front end may take to make its devices. */
    private static final long COMING_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** How long I/O under way may take to end; less than an order waits. */
    private static final long HOLD_NANOS = TimeUnit.SECONDS.toNanos(100);

    private final Underlying under;
    private final Names names;
    private final BackingGroup group;
    private final MapperHost host;
    private final MapperThread thread;

    /** Who wants the group to be put under names; null if nobody does. */
    private Admin.@Nullable Done ordered;

    private long endNanos;

    Inserting(
            Underlying under,
            Names names,
            BackingGroup group,
            MapperHost host,
            MapperThread thread) {
        this.under = under;
        this.names = names;
        this.group = group;
        this.host = host;
        this.thread = thread;
    }

    /** Whether an order to insert waits for the front end. */
    boolean busy() {
        return ordered != null;
    }

    /** Has the group be put under names as soon as the front end has its devices. */
    void insert(Admin.Done told) {
        if (names.anyInserted()) {
            ordered = told;
            endNanos = group.nanos() + COMING_NANOS;
        } else {
            told.refused(
                    "the group's file names no device to put the group under; write mapper:"
                            + " {DEVICE: {insert: NAME}} at the site");
        }
    }

    /** Does what can be done now for an order that waits. */
    void steer(boolean serving) {
        Admin.Done told = ordered;
        if (told == null) {
            return;
        }
        if (!serving || !under.current().allLive()) {
            if (group.nanos() - endNanos > 0) {
                ordered = null;
                FrontEndProblem problem = under.problem();
                told.refused(
                        "the front end does not show the devices"
                                + (problem == null ? "" : ": " + problem.reason()));
            }
            return;
        }
        ordered = null;
        Map<Wanted, String> paths = names.insertedPaths();
        thread.work(() -> {
            try {
                host.insert(paths);
                group.loop().execute(() -> inserted(paths, told));
            } catch (IOException e) {
                group.loop().execute(() -> told.refused(String.valueOf(e.getMessage())));
            }
        });
    }

    private void inserted(Map<Wanted, String> paths, Admin.Done told) {
        names.inserted(paths);
        told.done(
                "the group is under "
                        + paths.keySet().stream()
                                .map(Wanted::path)
                                .collect(Collectors.joining(", ")));
    }

    /** Holds the I/O of the names that the group was put under. */
    void beginEject(Admin.Done told, Runnable failed) {
        long end = group.nanos() + HOLD_NANOS;
        thread.ask(
                () -> {
                    Released released = host.release(false, true);
                    if (!released.refusal().isEmpty()) {
                        throw new IOException(released.refusal());
                    }
                    host.beginEject();
                    if (group.nanos() - end > 0) {
                        host.abortEject(); // whoever has ordered it does not wait any more
                        throw new IOException("I/O under way has not ended; see dmctl status");
                    }
                },
                () -> told.done(""),
                reason -> {
                    failed.run();
                    told.refused(reason);
                });
    }

    /** Lets it go on: at the local devices, or at the group as before. */
    void endEject(boolean applied, Admin.Done told, Runnable done) {
        thread.ask(
                () -> {
                    if (applied) {
                        host.endEject();
                    } else {
                        host.abortEject();
                    }
                },
                () -> {
                    done.run();
                    told.done("");
                },
                told::refused);
    }
}
