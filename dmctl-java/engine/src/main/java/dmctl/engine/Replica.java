package dmctl.engine;

import dmctl.engine.GroupStatus.Role;
import dmctl.engine.Standing.Phase;
import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.engine.port.Ports;
import dmctl.engine.port.Request;
import dmctl.engine.port.Storage;
import dmctl.engine.port.Wire;
import dmctl.replog.LinkCursors;
import dmctl.replog.RecoveryTally;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * This site's copy of the group while its log is open: the parts of the engine, wired. When the log
 * must begin or end elsewhere (a cut, a resync, a lost role) the group closes this and opens
 * another.
 */
final class Replica implements IoDone {
    /** Ends of these are told even while the replica closes. */
    static final int CLIENT_READ = 1;

    static final int CLOSING_IO = 2;

    private final Group group;
    private final GroupDefinition def;
    private final Ports ports;
    private final Standing standing = new Standing();
    private final Sites sites;
    private final Devices devices;
    private final LogReaders readers = new LogReaders(this);
    private final Opener opener;
    private final Peers peers = new Peers(this);

    private @Nullable LogRing log;
    private @Nullable Checkpointer checkpointer;
    private @Nullable Applier applier;
    private @Nullable WritePath writes;
    private @Nullable ReadPath reads;
    private @Nullable CursorSlots cursors;
    private @Nullable Roles roles;
    private @Nullable Links links;
    private @Nullable Rebase rebase;
    private @Nullable Upkeep upkeep;
    private @Nullable Shutdown shutdown;
    private UUID logUuid = new UUID(0, 0);

    private final Explain explain = new Explain(this);
    private int outstanding;
    private boolean open;
    private boolean closing;
    private boolean serving;

    private int savingConsistent;
    private String failure = "";
    private long lastBatchMicros;

    Replica(Group group, GroupDefinition def, Ports ports) {
        this.group = group;
        this.def = def;
        this.ports = ports;
        sites = new Sites(this);
        devices = new Devices(def, LogIdentity.unappliedRecordsMax(ports.log().sizeBytes()));
        opener = new Opener(this, new Opened());
    }

    String holdReason() {
        return group.holdReason();
    }

    private final class Opened implements Opener.Done {
        @Override
        public void opened(boolean wasClean, boolean fresh) {
            open = true;
            group.replicaOpened();
            if (standing.role == Role.PRIMARY) {
                roles().resumePrimary(wasClean, fresh);
            }
            wake();
        }

        @Override
        public void failed(String reason) {
            fail(reason);
        }
    }

    void start() {
        opener.start();
    }

    /** Makes the parts once the log's geometry is known. */
    void build(LogIdentity identity, UUID uuid, LinkCursors found, int slot) {
        logUuid = uuid;
        devices.openRegions(this, identity);
        LogRing ring = new LogRing(this, ports.log(), identity, group.memory(identity));
        log = ring;
        checkpointer = new Checkpointer(this);
        applier = new Applier(this);
        writes = new WritePath(this);
        reads = new ReadPath(this);
        cursors = new CursorSlots(this, found, slot);
        roles = new Roles(this);
        links = new Links(this);
        rebase = new Rebase(this);
        upkeep = new Upkeep(this);
    }

    private static <T> T made(@Nullable T part) {
        if (part == null) {
            throw new InvariantViolation("the log is open");
        }
        return part;
    }

    GroupDefinition def() {
        return def;
    }

    Ports ports() {
        return ports;
    }

    Standing standing() {
        return standing;
    }

    TermHistory history() {
        return standing.history;
    }

    Devices devices() {
        return devices;
    }

    Sites sites() {
        return sites;
    }

    LogRing log() {
        return made(log);
    }

    Checkpointer checkpointer() {
        return made(checkpointer);
    }

    Applier applier() {
        return made(applier);
    }

    WritePath writes() {
        return made(writes);
    }

    ReadPath reads() {
        return made(reads);
    }

    CursorSlots cursors() {
        return made(cursors);
    }

    Roles roles() {
        return made(roles);
    }

    Links links() {
        return made(links);
    }

    Rebase rebase() {
        return made(rebase);
    }

    Upkeep upkeep() {
        return made(upkeep);
    }

    Peers peers() {
        return peers;
    }

    boolean isOpen() {
        return open;
    }

    boolean serving() {
        return serving;
    }

    boolean closing() {
        return closing;
    }

    /** Whether a crash right now would take back that this copy is consistent. */
    boolean savingConsistent() {
        return savingConsistent > 0;
    }

    String failure() {
        return failure;
    }

    RecoveryTally recoveryTally() {
        return group.recoveryTally();
    }

    LinkBuffers linkBuffers() {
        return group.linkBuffers();
    }

    UUID siteUuid() {
        return Opener.siteUuid(def.uuid(), sites.self().site);
    }

    long nanos() {
        return ports.clock().monotonicNanos();
    }

    long wallMicros() {
        return ports.clock().wallMicros();
    }

    /** Time of a batch: never before the one of the batch before it. */
    long nextBatchMicros() {
        lastBatchMicros = Math.max(lastBatchMicros, wallMicros());
        return lastBatchMicros;
    }

    long heartbeatNanos() {
        return def.tuning().heartbeatMillis() * 1_000_000L;
    }

    long linkTimeoutNanos() {
        return def.tuning().linkTimeoutMillis() * 1_000_000L;
    }

    void event(String text) {
        group.event(text);
    }

    void wake() {
        group.wake();
    }

    Storage device(int device) {
        return ports.device(def.devices().get(device).devNr());
    }

    // I/O

    void submit(Storage storage, Io io, IoDone handler) {
        io.owner = handler;
        io.done = this;
        io.error = 0;
        outstanding++;
        storage.submit(io);
    }

    void submitRead(Storage storage, Io io, Request request, IoDone handler) {
        io.attachment = request;
        submit(storage, io, handler);
    }

    @Override
    public void ioDone(Io io) {
        outstanding--;
        boolean told = !closing || io.kind == CLIENT_READ || io.kind == CLOSING_IO;
        if (told && io.owner instanceof IoDone handler) {
            handler.ioDone(io);
        }
        closedWhenQuiet();
    }

    /** What reads the log back. */
    LogReaders readers() {
        return readers;
    }

    long pinnedPosition() {
        return Math.min(reads().pinnedPosition(), readers.pinnedPosition());
    }

    // What the parts tell

    void logWritten() {
        if (serving) {
            writes().complete();
        }
        reads().retryUnwritten();
    }

    void logFlushed() {
        if (serving) {
            writes().complete();
        }
        wake();
    }

    void logFailed(String reason) {
        event("the log failed: " + reason);
        if (serving) {
            writes().failAll(Errno.EIO);
        }
        if (reads != null) {
            reads().failWaiting(Errno.EIO);
        }
        // The primary must not wait for a site that makes nothing durable any more.
        peers.closeUpstream(reason);
        if (!open) {
            fail(reason);
        }
    }

    /** A record read back from the log is not what was written: named, and no more writes. */
    void logDamaged(String reason) {
        log().damaged(reason);
    }

    void applied() {
        consistentWhenReplayed();
        wake();
    }

    private void consistentWhenReplayed() {
        if (standing.phase == Phase.REPLAYING
                && !savingConsistent()
                && applier().appliedSeq() >= standing.needSeq) {
            becomeConsistent();
        }
    }

    private void becomeConsistent() {
        standing.phase = Phase.NONE;
        event("consistent: replayed to seq " + applier().appliedSeq());
        saveConsistent(() -> {});
    }

    /** Makes durable that this copy is consistent; until then nobody is told so. */
    void saveConsistent(Runnable whenDurable) {
        savingConsistent++;
        checkpointer()
                .save(() -> {
                    savingConsistent--;
                    whenDurable.run();
                    wake();
                });
    }

    void checkpointed() {
        upkeep().checkpointed();
        wake();
    }

    void saveSoon() {
        upkeep().saveSoon();
        wake();
    }

    void needSpace() {
        upkeep().needSpace();
    }

    void roleChanged() {
        group.roleChanged();
    }

    String deviceFailed(int device, String what, int errno) {
        String reason =
                String.format(
                        Locale.ROOT,
                        "%s device %s failed with errno %d",
                        what,
                        def.devices().get(device).name(),
                        errno);
        event(reason);
        return reason;
    }

    /** Newest seq that may go to this site's devices. */
    long applyLimitSeq() {
        LogRing ring = log();
        if (standing.role == Role.PRIMARY) {
            return serving || shutdown != null
                    ? ring.flushedSeq()
                    : Math.max(applier().appliedSeq(), roles().applyLimitSeq());
        }
        return Math.max(
                applier().appliedSeq(),
                Math.max(
                        roles().applyLimitSeq(),
                        Math.min(ring.flushedSeq(), peers.sourceDurableSeq())));
    }

    // Roles

    void serve() {
        serving = true;
        sites.forgetBeyond(log().headSeq());
        writes().start();
        links().start();
        group.roleChanged();
        event("serving in term " + history().latestNumber());
    }

    /** This site must not serve: another one is primary in a higher term. */
    void fenced(String reason) {
        if (closing) {
            return;
        }
        event("fenced: " + reason);
        if (standing.role == Role.PRIMARY) {
            standing.role = Role.FENCED;
        }
        standing.primarySite = -1;
        rebase().reopen("reopening as a target: " + reason);
    }

    void accept(Wire wire) {
        if (!open || closing || shutdown != null || !failure.isEmpty()) {
            wire.close();
            return;
        }
        peers.accept(wire);
    }

    // Turn

    /** Does everything that can be done now. */
    void turn() {
        if (closing || !open || !failure.isEmpty()) {
            if (!closing && failure.isEmpty() && log != null) {
                checkpointer().pump();
                log().pump();
            }
            return;
        }
        boolean primary = serving;
        if (primary) {
            sites.update();
            writes().complete();
            writes().retryWaiting();
            if (log().writeIdle()) {
                writes().close();
            }
            links().pump();
        }
        if (closing || !failure.isEmpty()) {
            return;
        }
        roles().pump();
        peers.pump();
        if (closing || !failure.isEmpty()) {
            return;
        }
        consistentWhenReplayed();
        upkeep().beforeApply();
        applier().pump();
        upkeep().afterApply();
        Shutdown stopping = shutdown;
        if (stopping != null) {
            // Before the pumps below: what it asks of them begins in this turn, no event wakes it.
            stopping.pump();
        }
        if (closing || !failure.isEmpty()) {
            return;
        }
        checkpointer().pump();
        log().pump();
    }

    long nextWakeNanos() {
        if (closing || !open || !failure.isEmpty()) {
            return Long.MAX_VALUE;
        }
        long wake = Math.min(roles().wakeNanos(), applier().wakeNanos());
        if (serving) {
            wake = Math.min(wake, links().wakeNanos());
            for (SiteState site : sites.others()) {
                wake = Math.min(wake, site.wakeNanos(log().writtenSeq()));
            }
        }
        wake = Math.min(wake, Math.min(peers.wakeNanos(), upkeep().wakeNanos()));
        Shutdown stopping = shutdown;
        return stopping == null ? wake : Math.min(wake, stopping.wakeNanos());
    }

    // Closing

    /** Ends everything under way; the rebase goes on when all I/O has ended. */
    void beginClosing() {
        closing = true;
        if (serving) {
            serving = false;
            writes().failAll(Errno.ESHUTDOWN);
        }
        reads().failWaiting(Errno.ESHUTDOWN);
        links().close();
        roles().close("the log is opened anew");
        peers.close("the log is opened anew");
        // Never from inside a part that is at work: the I/O's end or the next turn goes on.
        group.later(this::closedWhenQuiet);
    }

    private boolean quietTold;

    private void closedWhenQuiet() {
        if (closing && outstanding == 0 && !quietTold) {
            quietTold = true;
            rebase().quiet();
        }
    }

    /** The rebase is durable. */
    void closed() {
        group.reopen();
    }

    /** Stops for good: serving or applying on could make things worse. */
    void fail(String reason) {
        if (!failure.isEmpty()) {
            return;
        }
        failure = reason;
        event("FAILED: " + reason);
        if (serving) {
            serving = false;
            writes().failAll(Errno.EIO);
        }
        if (reads != null) {
            reads().failWaiting(Errno.EIO);
        }
        if (open) {
            links().close();
            roles().close(reason);
            peers.close(reason);
        }
        group.roleChanged();
    }

    void shutdown(boolean emptied, Admin.Done done) {
        if (!open || closing || !failure.isEmpty()) {
            done.done("not open: nothing to bring to an end");
            return;
        }
        if (shutdown == null) {
            shutdown = new Shutdown(this, opener, emptied, done);
        }
        wake();
    }

    /** No more requests are taken: a clean stop has begun. */
    boolean stopping() {
        return shutdown != null;
    }

    // Persistent state

    Hello hello(Hello.Kind kind) {
        return Hello.of(this, kind);
    }

    UUID logUuid() {
        return logUuid;
    }

    Explain explain() {
        return explain;
    }

    boolean isBuilt() {
        return log != null;
    }

    long roleSinceMicros() {
        return group.roleSinceMicros();
    }

    void ended(String text) {
        serving = false;
        open = false;
        group.ended(text);
    }

    GroupStatus status() {
        return StatusReport.of(this);
    }
}
