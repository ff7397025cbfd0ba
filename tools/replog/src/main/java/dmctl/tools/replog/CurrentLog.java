package dmctl.tools.replog;

import dmctl.replog.Checkpoint;
import dmctl.replog.CheckpointCodec;
import dmctl.replog.Chosen;
import dmctl.replog.DamagedException;
import dmctl.replog.LinkCursors;
import dmctl.replog.LogLayout;
import dmctl.replog.NotOurFormatException;
import dmctl.replog.RecoveryCase.Outcome;
import dmctl.replog.ReplogException;
import dmctl.replog.Superblock;
import dmctl.replog.SuperblockCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Locale;

/** A log of this program. */
final class CurrentLog implements Source {
    private final LogFile file;
    private final Chosen<Superblock> chosen;
    private final Superblock superblock;
    private final LogLayout layout;

    CurrentLog(LogFile file, Chosen<Superblock> chosen) {
        this.file = file;
        this.chosen = chosen;
        this.superblock = chosen.value();
        this.layout = superblock.layout();
    }

    private Chosen<Checkpoint> checkpoint() throws IOException, ReplogException {
        ByteBuffer slots = file.read(layout.checkpointOffset(), 2 * layout.checkpointBytes());
        try {
            return CheckpointCodec.choose(
                    slots,
                    0,
                    layout.checkpointBytes(),
                    layout.checkpointOffset(),
                    superblock.logUuid(),
                    file.name());
        } catch (NotOurFormatException e) {
            // A log is created with one.
            throw new DamagedException(
                    file.name(),
                    layout.checkpointOffset(),
                    "checkpoint magic",
                    "that of a checkpoint in one slot at least",
                    e.blank() ? "blank" : "other data");
        }
    }

    private Checkpoint slot(int slot) throws IOException, ReplogException {
        long at = layout.checkpointOffset(slot);
        ByteBuffer buf = file.read(at, layout.checkpointBytes());
        return CheckpointCodec.decode(
                buf, 0, layout.checkpointBytes(), at, superblock.logUuid(), file.name());
    }

    private RegionMapPages map(Checkpoint checkpoint) {
        return new RegionMapPages(file, layout, superblock.logUuid(), checkpoint);
    }

    private void requireWhole() throws DamagedException {
        if (file.size() < layout.totalBytes()) {
            throw new DamagedException(
                    file.name(),
                    file.size(),
                    "end of the file",
                    layout.totalBytes() + " as in superblock totalBytes",
                    String.valueOf(file.size()));
        }
    }

    private LogWalk walk(Checkpoint checkpoint, boolean readData)
            throws IOException, DamagedException {
        requireWhole();
        return new LogWalk(file, layout, superblock.logUuid(), checkpoint, readData);
    }

    @Override
    public void dump(Report report, boolean all) throws IOException, ReplogException {
        report.line("dmctl replog %s, %d bytes", file.name(), file.size());
        for (int copy = 0; copy < 2; copy++) {
            dumpSuperblock(report, copy);
        }
        report.line("using superblock %d", chosen.copy());
        for (int slot = 0; slot < 2; slot++) {
            dumpCursors(report, slot);
        }
        for (int slot = 0; slot < 2; slot++) {
            dumpCheckpoint(report, slot);
        }
        Chosen<Checkpoint> checkpoint = checkpoint();
        report.line("using checkpoint %d", checkpoint.copy());
        map(checkpoint.value()).dump(report);
        LogWalk walk = walk(checkpoint.value(), false);
        LogWalk.End end = walk.run(head -> FrameText.print(report, head));
        dumpEnd(report, end);
        if (all) {
            walk.scan(report, end);
        }
    }

    private static void dumpEnd(Report report, LogWalk.End end) {
        report.line(
                "end position=%d offset=%d nextSeq=%d flushed=%d %s %s: %s",
                end.position(),
                end.place(),
                end.seq(),
                end.flushedMark(),
                end.row().outcome(),
                end.row(),
                end.detail());
        if (end.row().outcome() != Outcome.END_OF_LOG) {
            report.damage("log", end.place(), end.row() + ", " + end.detail());
        }
    }

    private void dumpSuperblock(Report report, int copy) throws IOException {
        long at = LogLayout.superblockOffset(copy);
        try {
            ByteBuffer both = file.read(0, 2 * SuperblockCodec.BYTES);
            Superblock s = SuperblockCodec.decode(both, (int) at, file.name());
            report.line(
                    "superblock %d generation=%d log=%s group=%s site=%s opening=%d %s created=%s",
                    copy,
                    s.generation(),
                    s.logUuid(),
                    s.groupUuid(),
                    s.siteUuid(),
                    s.opening(),
                    s.clean() ? "clean" : "not closed",
                    FrameText.time(s.createdMicros()));
            report.line(
                    "  totalBytes=%d blockSize=%d checkpoints=%d+2*%d map=%d+2*%d*4096 ring=%d+%d",
                    s.layout().totalBytes(),
                    s.blockSize(),
                    s.layout().checkpointOffset(),
                    s.layout().checkpointBytes(),
                    s.layout().mapOffset(),
                    s.layout().mapPages(),
                    s.layout().ringOffset(),
                    s.layout().ringBytes());
        } catch (ReplogException e) {
            report.fault("superblock " + copy, e);
        }
    }

    private void dumpCursors(Report report, int slot) throws IOException {
        long at = LogLayout.linkCursorsOffset(slot);
        ByteBuffer head = file.read(0, (int) LogLayout.CHECKPOINT_OFFSET);
        try {
            LinkCursors cursors =
                    LinkCursors.decode(head, (int) at, superblock.logUuid(), file.name());
            report.line("link cursors %d generation=%d", slot, cursors.generation());
            for (LinkCursors.Entry e : cursors.entries()) {
                report.line(
                        "  site %d started=%d done=%d term=%d/%016x",
                        e.siteNr(), e.startedSeq(), e.doneSeq(), e.termNumber(), e.termId());
            }
        } catch (ReplogException e) {
            unlessBlank(report, "link cursors " + slot, e);
        }
    }

    private static void unlessBlank(Report report, String structure, ReplogException fault) {
        if (fault instanceof NotOurFormatException other && other.blank()) {
            report.line("%s never written", structure);
        } else {
            report.fault(structure, fault);
        }
    }

    private void dumpCheckpoint(Report report, int slot) throws IOException {
        Checkpoint c;
        try {
            c = slot(slot);
        } catch (ReplogException e) {
            unlessBlank(report, "checkpoint " + slot, e);
            return;
        }
        report.line(
                "checkpoint %d generation=%d tail=%d tailSeq=%d tailChain=%08x end=%d/%d flushed=%d"
                        + " applied=%d",
                slot,
                c.generation(),
                c.tailPosition(),
                c.tailSeq(),
                c.tailChain(),
                c.endPosition(),
                c.endOpening(),
                c.flushedMark(),
                c.appliedSeq());
        report.line(
                "  role=%s primary=%d resync=%s need=%d id=%016x base=%d forkedAt=%s map=%d",
                c.role(),
                c.primarySite(),
                c.resyncPhase(),
                c.resyncNeedSeq(),
                c.resyncId(),
                c.resyncBaseSeq(),
                c.forkedAtSeq() == Checkpoint.NOT_FORKED ? "no" : c.forkedAtSeq(),
                c.map().generation());
        for (Checkpoint.TermEntry t : c.terms()) {
            report.line(
                    "  term %d/%016x after=%d site=%d %s",
                    t.number(), t.id(), t.previousLastSeq(), t.site(), t.kind());
        }
        for (Checkpoint.SiteEntry s : c.sites()) {
            report.line(
                    "  site %d %s durable=%d applied=%d%s",
                    s.siteNr(),
                    s.state(),
                    s.durableSeq(),
                    s.appliedSeq(),
                    s.paused() ? " paused: " + s.pauseReason() : "");
        }
        c.definition().lines().forEach(line -> report.line("  definition| %s", line));
    }

    @Override
    public void check(Report report) throws IOException, ReplogException {
        if (superblock.opening() == 0) {
            report.line("created, never opened: nothing else is written yet");
            return;
        }
        if (chosen.other() != null) {
            report.fault("superblock " + (1 - chosen.copy()), chosen.other());
        }
        checkCursors(report);
        Chosen<Checkpoint> checkpoint;
        try {
            checkpoint = checkpoint();
        } catch (ReplogException e) {
            report.fault("checkpoints", e);
            return;
        }
        if (checkpoint.other() != null) {
            report.fault("checkpoint " + (1 - checkpoint.copy()), checkpoint.other());
        }
        map(checkpoint.value()).check(report);
        Statistics counts = new Statistics();
        LogWalk.End end = walk(checkpoint.value(), true).run(counts::add);
        if (end.row().outcome() == Outcome.END_OF_LOG) {
            report.line(
                    "log ends at offset %d, position %d, before seq %d (%s)",
                    end.place(), end.position(), end.seq(), end.row());
        } else {
            report.damage(
                    "frame at position " + end.position(),
                    end.place(),
                    String.format(
                            Locale.ROOT,
                            "%s, seq %d expected, flushed mark %d: %s",
                            end.row(),
                            end.seq(),
                            end.flushedMark(),
                            end.detail()));
        }
    }

    private void checkCursors(Report report) throws IOException {
        try {
            ByteBuffer head = file.read(0, (int) LogLayout.CHECKPOINT_OFFSET);
            Chosen<LinkCursors> cursors =
                    LinkCursors.choose(head, superblock.logUuid(), file.name());
            if (cursors.other() != null) {
                report.fault("link cursors " + (1 - cursors.copy()), cursors.other());
            }
        } catch (ReplogException e) {
            report.fault("link cursors", e);
        }
    }

    @Override
    public Statistics stat() throws IOException, ReplogException {
        Checkpoint checkpoint = checkpoint().value();
        Statistics counts =
                new Statistics()
                        .put("kind", "log")
                        .put("log", superblock.logUuid())
                        .put("group", superblock.groupUuid())
                        .put("site", superblock.siteUuid())
                        .put("opening", superblock.opening())
                        .put("clean", superblock.clean())
                        .put("role", checkpoint.role())
                        .put("ringBytes", layout.ringBytes())
                        .put("tailPosition", checkpoint.tailPosition())
                        .put("appliedSeq", checkpoint.appliedSeq());
        map(checkpoint).stat(counts);
        LogWalk.End end = walk(checkpoint, false).run(counts::add);
        long used = end.position() - checkpoint.tailPosition();
        return counts.put("endPosition", end.position())
                .put("nextSeq", end.seq())
                .put("flushedMark", end.flushedMark())
                .put("usedBytes", used)
                .put("fillPercent", used * 100 / layout.ringBytes())
                .put("end", end.row());
    }

    @Override
    public void export(Path dir, Report report, int slink) throws IOException, ReplogException {
        Checkpoint checkpoint = checkpoint().value();
        try (DeviceImages images = new DeviceImages(dir)) {
            FrameData data = new FrameData(file, layout.ringOffset(), layout.ringBytes());
            LogWalk.End end = walk(checkpoint, true).run(head -> images.addBatch(head, data));
            dumpEnd(report, end);
            images.report(report);
        }
    }
}
