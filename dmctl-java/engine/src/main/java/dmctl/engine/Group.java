package dmctl.engine;

import dmctl.engine.GroupDefinition.Settings;
import dmctl.engine.GroupStatus.Role;
import dmctl.engine.port.FrontEnd;
import dmctl.engine.port.Ports;
import dmctl.engine.port.Request;
import dmctl.engine.port.Wire;
import dmctl.replog.RecoveryTally;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One group at one site: the state machine that one thread owns. All calls, and all ends of what it
 * starts, come on that thread; it starts I/O and is told of the end, and never blocks. After each
 * round of events the owner calls {@link #turn}.
 */
public final class Group implements FrontEnd, Admin {
    private final GroupDefinition def;
    private final Ports ports;
    private final LinkBuffers linkBuffers = new LinkBuffers();
    private final ArrayDeque<Runnable> later = new ArrayDeque<>();
    private final RecoveryTally tally = new RecoveryTally();
    private Replica replica;
    private @Nullable ByteBuffer memory;
    private boolean again;
    private boolean reopening;
    private boolean stopped;
    private String stoppedText = "";
    private long roleSinceMicros;
    private String holdReason = "";

    /**
     * Creates a group that does nothing yet.
     *
     * @param def what it is
     * @param ports all it touches of the world
     * @throws IllegalArgumentException if it is described so that it cannot work, with the reason
     */
    public Group(GroupDefinition def, Ports ports) {
        def.check();
        this.def = def;
        this.ports = ports;
        roleSinceMicros = ports.clock().wallMicros();
        replica = new Replica(this, def, ports);
    }

    /**
     * Has a new log begin with all other sites paused, so that nothing is copied before they are
     * resumed; before the start. Without effect on a log that is there.
     *
     * @param reason for status
     */
    public void holdSites(String reason) {
        holdReason = reason;
    }

    String holdReason() {
        return holdReason;
    }

    /** Begins to open the log; status tells how it goes. */
    public void start() {
        replica.start();
    }

    /**
     * Takes a connection another site has made.
     *
     * @param wire the connection
     */
    public void accept(Wire wire) {
        if (stopped) {
            wire.close();
        } else {
            replica.accept(wire);
        }
    }

    /** Does all that can be done now. */
    public void turn() {
        if (stopped) {
            return;
        }
        int rounds = 0;
        do {
            again = false;
            while (!later.isEmpty()) {
                later.poll().run();
            }
            if (reopening) {
                reopening = false;
                replica = new Replica(this, def, ports);
                replica.start();
            }
            replica.turn();
        } while ((again || !later.isEmpty() || reopening) && !stopped && ++rounds < 64);
    }

    /**
     * Returns when a turn is due though nothing has happened.
     *
     * @return on the monotonic clock, in nanoseconds; Long.MAX_VALUE for never
     */
    public long nextWakeNanos() {
        if (stopped) {
            return Long.MAX_VALUE;
        }
        return again || !later.isEmpty() || reopening
                ? ports.clock().monotonicNanos()
                : replica.nextWakeNanos();
    }

    /**
     * Tells whether a clean stop has ended.
     *
     * @return true after it
     */
    public boolean isStopped() {
        return stopped;
    }

    /**
     * Returns how often each row of the recovery table has been met.
     *
     * @return counts since this object was made
     */
    public RecoveryTally recoveryTally() {
        return tally;
    }

    /**
     * Looks a region up in the map, to prove that it is right.
     *
     * @param devNr number of a device
     * @param offset of a byte on it
     * @return seq of the last write to the region around it, or a higher one; 0 if there was none
     */
    public long lastSeqAt(int devNr, long offset) {
        Devices devices = replica.devices();
        return devices.regions().lastSeqAt(devices.deviceIndex(devNr), offset);
    }

    void wake() {
        again = true;
    }

    void later(Runnable task) {
        later.add(task);
    }

    void reopen() {
        reopening = true;
    }

    void replicaOpened() {
        event(
                String.format(
                        Locale.ROOT,
                        "log open: seq %d to %d",
                        replica.log().tailSeq() + 1,
                        replica.log().headSeq()));
    }

    void roleChanged() {
        roleSinceMicros = ports.clock().wallMicros();
    }

    long roleSinceMicros() {
        return roleSinceMicros;
    }

    void event(String text) {
        ports.events().accept(text);
    }

    void ended(String text) {
        stopped = true;
        stoppedText = text;
    }

    LinkBuffers linkBuffers() {
        return linkBuffers;
    }

    /** As it is now: another one after the log has been opened anew. */
    Replica replica() {
        return replica;
    }

    /** The ring in memory, one for all openings of the log. */
    ByteBuffer memory(LogIdentity identity) {
        int bytes = Math.max(def.tuning().memoryBytes(), 3 * identity.frameBytesMax()) & -4096;
        ByteBuffer ring = memory;
        if (ring == null || ring.capacity() < bytes) {
            ring = Buffers.aligned(bytes);
            memory = ring;
        }
        return ring;
    }

    @Override
    public boolean serving() {
        return !stopped && replica.serving() && !replica.stopping();
    }

    @Override
    public boolean aboutToServe() {
        if (stopped || !replica.failure().isEmpty() || replica.stopping() || replica.serving()) {
            return false;
        }
        return !replica.isOpen() || replica.standing().role == Role.PRIMARY;
    }

    @Override
    public String notServingReason() {
        return stopped ? stoppedText : replica.explain().notServingReason();
    }

    @Override
    public boolean submit(Request request) {
        request.next = null;
        int error = check(request);
        if (error != 0) {
            request.error = error;
            Request.Done done = request.done;
            if (done != null) {
                done.requestDone(request);
            }
            return true;
        }
        return switch (request.op) {
            case READ -> {
                replica.reads().submit(request);
                yield true;
            }
            case EXTENTS -> {
                replica.reads().submitExtents(request);
                yield true;
            }
            case FLUSH -> {
                replica.writes().flush(request);
                yield true;
            }
            case WRITE, ZERO -> replica.writes().submit(request);
        };
    }

    private int check(Request request) {
        if (!serving()) {
            return Errno.ESHUTDOWN;
        }
        if (request.op == Request.Op.FLUSH) {
            return 0;
        }
        long mask = def.blockSize() - 1L;
        if (request.length <= 0 || (request.offset & mask) != 0 || (request.length & mask) != 0) {
            return Errno.EINVAL;
        }
        if (!replica.devices().knows(request.devNr, request.offset >>> 9, request.length >>> 9)) {
            return request.op == Request.Op.READ || request.op == Request.Op.EXTENTS
                    ? Errno.EINVAL
                    : Errno.ENOSPC;
        }
        return 0;
    }

    private boolean refuse(Done done) {
        if (stopped || !replica.isOpen() || replica.closing() || replica.stopping()) {
            done.refused(
                    String.format(
                            Locale.ROOT,
                            "site %s is not ready: %s",
                            replica.sites().self().site.name(),
                            notServingReason()));
            return true;
        }
        return false;
    }

    @Override
    public void previewTakeover(Done done) {
        if (!refuse(done)) {
            replica.roles().previewTakeover(done);
        }
    }

    @Override
    public void takeover(boolean evenIfNotConsistent, Done done) {
        if (!refuse(done)) {
            replica.roles().takeover(evenIfNotConsistent, done);
        }
    }

    private @Nullable SiteState siteAtPrimary(int siteNr, Done done) {
        SiteState site = replica.sites().find(siteNr);
        if (site == null) {
            done.refused(String.format(Locale.ROOT, "group %s has no site %d", def.name(), siteNr));
        } else if (!replica.serving()) {
            done.refused(
                    String.format(
                            Locale.ROOT,
                            "site %s does not serve: ask the primary",
                            replica.sites().self().site.name()));
        } else if (site == replica.sites().self()) {
            done.refused(
                    String.format(Locale.ROOT, "site %s is the primary itself", site.site.name()));
        } else {
            return site;
        }
        return null;
    }

    @Override
    public void pause(int siteNr, String reason, Done done) {
        SiteState site = refuse(done) ? null : siteAtPrimary(siteNr, done);
        if (site != null) {
            site.paused = true;
            site.pauseReason = reason;
            replica.links().of(site).settingsChanged();
            replica.checkpointer()
                    .save(() ->
                            done.done(
                                    String.format(
                                            Locale.ROOT, "site %s paused", site.site.name())));
            wake();
        }
    }

    @Override
    public void resume(int siteNr, Done done) {
        SiteState site = refuse(done) ? null : siteAtPrimary(siteNr, done);
        if (site != null) {
            site.paused = false;
            site.pauseReason = "";
            replica.links().of(site).settingsChanged();
            replica.checkpointer()
                    .save(() ->
                            done.done(
                                    String.format(
                                            Locale.ROOT, "site %s resumed", site.site.name())));
            wake();
        }
    }

    @Override
    public void set(int siteNr, Settings settings, Done done) {
        if (refuse(done)) {
            return;
        }
        SiteState site = replica.sites().find(siteNr);
        if (site == null) {
            done.refused(String.format(Locale.ROOT, "group %s has no site %d", def.name(), siteNr));
            return;
        }
        site.settings = settings;
        site.setOverLimit(false, 0);
        wake();
        done.done(String.format(Locale.ROOT, "site %s: settings changed", site.site.name()));
    }

    @Override
    public void resync(int siteNr, boolean discard, Done done) {
        SiteState site = refuse(done) ? null : siteAtPrimary(siteNr, done);
        if (site == null) {
            return;
        }
        String preview = replica.links().of(site).discardPreview();
        if (discard) {
            replica.links().of(site).approveDiscard();
            wake();
            done.done(
                    preview
                            + String.format(
                                    Locale.ROOT, "\nsite %s is taken in again", site.site.name()));
        } else {
            done.done(preview);
        }
    }

    @Override
    public void shutdown(Done done) {
        shutdown(false, done);
    }

    /**
     * Stops cleanly, as {@link #shutdown(Done)}, and lets go of every record that all is known to
     * hold that needs it: the log is empty then, unless a site lacks some of them.
     *
     * @param done told when all is on the devices
     */
    public void shutdownEmptied(Done done) {
        shutdown(true, done);
    }

    private void shutdown(boolean emptied, Done done) {
        if (stopped) {
            done.done(stoppedText);
        } else {
            replica.shutdown(emptied, done);
        }
    }

    /**
     * Says where the ring of the open log begins and ends.
     *
     * @return empty while it is not open
     */
    public Optional<RingPlaces> ring() {
        return stopped || !replica.isOpen()
                ? Optional.empty()
                : Optional.of(replica.log().places());
    }

    @Override
    public GroupStatus status() {
        boolean past = replica.isOpen() || !replica.failure().isEmpty();
        if (!stopped && replica.isBuilt() && past) {
            return replica.status();
        }
        Role role =
                stopped ? Role.STOPPED : replica.failure().isEmpty() ? Role.STARTING : Role.FAILED;
        List<GroupStatus.Problem> problems =
                replica.failure().isEmpty()
                        ? List.of()
                        : List.of(
                                new GroupStatus.Problem(
                                        "failed",
                                        replica.failure(),
                                        roleSinceMicros,
                                        "mend the cause, then start the daemon again"));
        return new GroupStatus(
                def.name(),
                def.selfSite(),
                role,
                roleSinceMicros,
                -1,
                0,
                0,
                false,
                notServingReason(),
                GroupStatus.Data.UNKNOWN,
                0,
                0,
                0,
                0,
                0,
                0,
                -1,
                0,
                null,
                problems,
                List.of(),
                new GroupStatus.RegionMapStatus(false, 0, ""),
                List.of());
    }
}
