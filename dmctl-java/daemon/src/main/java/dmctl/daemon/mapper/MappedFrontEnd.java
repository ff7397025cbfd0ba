package dmctl.daemon.mapper;

import dmctl.config.GroupConfig;
import dmctl.config.SiteSettings;
import dmctl.daemon.front.BackingGroup;
import dmctl.daemon.front.DeviceFrontEnd;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.front.ShownDevice;
import dmctl.daemon.io.LoopTimer;
import dmctl.daemon.mapper.MapperHost.Released;
import dmctl.daemon.mapper.Underlying.Shown;
import dmctl.engine.Admin;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Gives the devices that a front end shows names under /dev/mapper. A mapped device stays when the
 * daemon is killed, and leads to the front end's device again when the next one has that.
 */
public final class MappedFrontEnd implements DeviceFrontEnd {
    private static final long SOON_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final String BUSY =
            "the front end is being changed or stopped already; wait for that";

    private final Underlying under;
    private final BackingGroup group;
    private final MapperHost host;
    private final MapperThread thread;
    private final Names names;
    private final Changing changing;
    private final Inserting inserting;

    /** The next look; null before the first one. */
    private @Nullable LoopTimer next;

    private boolean begun;
    private boolean serving;
    private boolean stopping;
    private boolean closed;

    private MappedFrontEnd(
            List<Wanted> wanted,
            Underlying under,
            FrontEndMaker maker,
            BackingGroup group,
            MapperHost host) {
        this.under = under;
        this.group = group;
        this.host = host;
        thread = new MapperThread(group);
        names = new Names(wanted, under, group, host, thread, () -> stopping);
        changing = new Changing(under, maker, names, group, host, thread);
        inserting = new Inserting(under, names, group, host, thread);
    }

    /**
     * Prepares to name devices; device-mapper is asked once the front end shows them. Devices that
     * still lead to another kind of front end are served by that first. Before the loop runs.
     *
     * @param wanted the names
     * @param kind of the front end
     * @param maker makes it
     * @param group whose devices they are
     * @param stateDir of the site
     * @param machine whose device-mapper it is
     * @return the front end
     * @throws IOException if the state folder cannot be used, or there is no such front end
     */
    public static MappedFrontEnd open(
            List<Wanted> wanted,
            GroupConfig.FrontEnd kind,
            FrontEndMaker maker,
            BackingGroup group,
            Path stateDir,
            Machine machine)
            throws IOException {
        MapperRecord record = MapperRecord.of(stateDir, machine.boot());
        List<GroupConfig.FrontEnd> kinds = new ArrayList<>(LeftOvers.kinds(record));
        if (kinds.isEmpty()) {
            kinds.add(kind);
        }
        Underlying under = new Underlying(shown(kinds.removeFirst(), maker));
        for (GroupConfig.FrontEnd other : kinds) {
            under.add(shown(other, maker));
        }
        record.frontEnds(under.kinds(null));
        MapperHost host = new MapperHost(machine, record, group.events());
        MappedFrontEnd mapped = new MappedFrontEnd(wanted, under, maker, group, host);
        if (under.current().kind() != kind) {
            mapped.changing.want(kind);
        }
        return mapped;
    }

    private static Shown shown(GroupConfig.FrontEnd kind, FrontEndMaker maker) throws IOException {
        return new Shown(kind, maker.make(kind));
    }

    @Override
    public boolean endOfRound() {
        boolean more = under.endOfRound();
        boolean now = group.serving();
        if (!begun) {
            begun = true;
            serving = now;
            look();
        } else if (now != serving) {
            serving = now;
            steer();
        }
        return more;
    }

    /**
     * Looks again and again; more often while something is to be done. Each look may also find that
     * the front end has a device, or this site another part.
     */
    private void look() {
        if (closed) {
            return;
        }
        steer();
        LoopTimer before = next;
        if (before != null) {
            before.cancel();
        }
        boolean calm = !changing.busy() && !inserting.busy() && names.isCalm(serving);
        next = group.loop().schedule(calm ? group.pauseNanos() : SOON_NANOS, this::look);
    }

    private void steer() {
        if (thread.working() || stopping || closed) {
            return;
        }
        if (inserting.busy()) {
            inserting.steer(serving);
        } else if (serving) {
            changing.steer();
            names.show();
        } else {
            names.withdraw();
        }
    }

    private boolean busy() {
        return changing.busy() || inserting.busy() || stopping;
    }

    /**
     * Has names lead to another kind of front end, while they are used. Where that fails, they lead
     * to the one before again.
     *
     * @param kind which
     * @param told done when they do and the one before has let its devices go
     */
    public void change(GroupConfig.FrontEnd kind, Admin.Done told) {
        if (busy()) {
            told.refused(BUSY);
        } else if (!group.serving()) {
            told.refused(
                    "the group is not served at this site; write front-end: "
                            + SiteSettings.spelled(kind)
                            + " into the group's file, and restart the daemon");
        } else {
            changing.order(kind, told);
            group.loop().execute(this::look);
        }
    }

    /**
     * Puts the group under the names that are there without it, while they are used; all of them,
     * or none.
     *
     * @param told done when their I/O goes to the group
     */
    public void insert(Admin.Done told) {
        if (busy()) {
            told.refused(BUSY);
        } else {
            inserting.insert(told);
            group.loop().execute(this::look);
        }
    }

    /**
     * Holds the I/O of the names that the group was put under.
     *
     * @param told done when it is held; then {@link #endEject} has to follow
     */
    public void beginEject(Admin.Done told) {
        if (busy()) {
            told.refused(BUSY);
        } else {
            stopping = true;
            inserting.beginEject(told, () -> stopping = false);
        }
    }

    /**
     * Lets the I/O of these names go on.
     *
     * @param applied whether everything is on the local devices, which the names lead to then; else
     *     they lead to the group as before
     * @param told when it does
     */
    public void endEject(boolean applied, Admin.Done told) {
        inserting.endEject(applied, told, () -> stopping = applied);
    }

    /**
     * Returns what names lead to.
     *
     * @return the kind of front end
     */
    public GroupConfig.FrontEnd kind() {
        return under.current().kind();
    }

    @Override
    public List<ShownDevice> devices() {
        return names.shown();
    }

    @Override
    public @Nullable FrontEndProblem problem() {
        FrontEndProblem problem = names.problem();
        return problem == null ? under.problem() : problem;
    }

    /** A mapped device takes memory of the kernel only. */
    @Override
    public long memoryBytes() {
        return under.memoryBytes();
    }

    @Override
    public void stop(boolean keepUsed, Consumer<String> told) {
        stopping = true;
        AtomicReference<Released> released = new AtomicReference<>();
        thread.ask(
                () -> released.set(release(keepUsed)),
                () -> released(released.get(), keepUsed, told),
                reason -> {
                    stopping = false;
                    told.accept(reason);
                });
    }

    private Released release(boolean keepUsed) {
        try {
            return host.release(keepUsed, false);
        } catch (IOException e) {
            // A device that is kept, or that nobody can ask for, holds up no stop of a machine.
            String text = "mapper: " + e.getMessage();
            group.say(text);
            return new Released(keepUsed ? "" : text, List.of());
        }
    }

    private void released(Released released, boolean keepUsed, Consumer<String> told) {
        names.removed(released.removed());
        if (!released.refusal().isEmpty()) {
            stopping = false;
            told.accept(released.refusal());
            return;
        }
        under.stop(
                keepUsed,
                hindrance -> {
                    if (hindrance.isEmpty()) {
                        // Where the group does not stop after all, the devices come back.
                        group.loop()
                                .schedule(group.pauseNanos(), () -> stopping = !group.serving());
                    } else {
                        stopping = false;
                    }
                    told.accept(hindrance);
                });
    }

    @Override
    public void close() {
        closed = true;
        thread.close(host::close);
        under.close();
    }
}
