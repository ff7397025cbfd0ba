package dmctl.daemon;

import dmctl.config.GroupConfig.LogPlace;
import dmctl.config.Units;
import dmctl.engine.GroupStatus;
import dmctl.engine.GroupStatus.Problem;
import dmctl.engine.GroupStatus.Role;
import dmctl.engine.GroupStatus.SiteStatus;
import dmctl.replog.Checkpoint;
import dmctl.replog.Checkpoint.SiteState;
import dmctl.replog.CheckpointCodec;
import dmctl.replog.Chosen;
import dmctl.replog.LogLayout;
import dmctl.replog.ReplogException;
import dmctl.replog.Superblock;
import dmctl.replog.SuperblockCodec;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;

/**
 * Changes the size of a log that is closed cleanly and empty.
 *
 * <p>Only the superblock says how large the ring is, and an empty ring has nothing whose place
 * would depend on it: so one write of one block is all there is to do. It goes to the copy that
 * does not count, is flushed, and counts by its generation. Killed before, the log has its old
 * size; after, the new one; in between, a torn copy fails its checksum and the other one counts.
 * What older laps have left in the ring is never taken for new: a frame carries its linear
 * position, positions go on where they were, and what was once cut off beyond the head carries an
 * opening that no longer counts.
 */
final class LogResize {
    private final LogPlace place;

    LogResize(LogPlace place) {
        this.place = place;
    }

    /** What keeps a running group from a clean stop with an empty log; empty if nothing does. */
    static String obstacle(GroupStatus status) {
        return obstacle(
                status.role(), status.problems(), status.sites(), status.notServingReason());
    }

    static String obstacle(
            Role role, List<Problem> problems, List<SiteStatus> sites, String notServingReason) {
        if (role == Role.STARTING || role == Role.FAILED) {
            return "the log is not open: " + notServingReason;
        }
        for (Problem problem : problems) {
            if (problem.what().equals("log") || problem.what().equals("device")) {
                return "what is in the log cannot be brought to the devices: "
                        + problem.reason()
                        + "; "
                        + problem.nextStep();
            }
        }
        for (SiteStatus site : sites) {
            if (site.resync() != null) {
                return "site "
                        + site.name()
                        + " is being copied from the log; wait until that is done";
            }
        }
        return "";
    }

    /** The size it has. */
    long bytes() throws IOException, ReplogException {
        try (FileChannel log = open()) {
            return superblock(log).value().layout().totalBytes();
        }
    }

    /** Refuses a size that the log cannot have. */
    void check(long newBytes) throws IOException, ReplogException {
        try (FileChannel log = open()) {
            long room = log.size() - place.startBytes();
            if (newBytes > room) {
                throw new IOException(
                        String.format(
                                Locale.ROOT,
                                "%s has room for a log of %d sectors, not of %d; make it larger first",
                                place.path(),
                                room / 512,
                                newBytes / 512));
            }
            superblock(log).value().layout().resized(name(), newBytes);
        }
    }

    /**
     * Changes it.
     *
     * @param siteName names of sites, for messages
     * @return what was done
     */
    String apply(long newBytes, IntFunction<String> siteName) throws IOException, ReplogException {
        try (FileChannel log = open()) {
            Chosen<Superblock> chosen = superblock(log);
            Superblock before = chosen.value();
            requireEmpty(before, checkpoint(log, before), siteName);
            Superblock after = before.withLayout(before.layout().resized(name(), newBytes));
            int copy = 1 - chosen.copy();
            ByteBuffer block = buffer(SuperblockCodec.BYTES);
            SuperblockCodec.encode(after, copy, block, 0);
            long at = place.startBytes() + LogLayout.superblockOffset(copy);
            while (block.hasRemaining()) {
                log.write(block, at + block.position());
            }
            log.force(true);
            return String.format(
                    Locale.ROOT,
                    "the log has %s instead of %s",
                    Units.formatSize(newBytes),
                    Units.formatSize(before.layout().totalBytes()));
        }
    }

    private void requireEmpty(
            Superblock superblock, Checkpoint checkpoint, IntFunction<String> siteName)
            throws IOException {
        long head = checkpoint.flushedMark();
        if (!superblock.clean() || checkpoint.appliedSeq() < head) {
            throw refused("not all of it could be brought to the devices", "see dmctl status");
        }
        List<String> lacking =
                checkpoint.sites().stream()
                        .filter(site ->
                                site.state() == SiteState.IN_LOG && site.durableSeq() < head)
                        .map(site -> siteName.apply(site.siteNr()))
                        .toList();
        if (!lacking.isEmpty()) {
            throw refused(
                    "it keeps what " + String.join(" and ", lacking) + " lacks",
                    "let the site catch up, or take it out of the group");
        }
        if (checkpoint.tailSeq() < head) {
            throw refused("a site is being copied from it", "wait until that is done");
        }
    }

    private IOException refused(String why, String remedy) {
        return new IOException(
                "the log " + place.path() + " keeps its size: " + why + "; " + remedy);
    }

    private String name() {
        return place.path().toString();
    }

    private FileChannel open() throws IOException {
        return FileChannel.open(place.path(), StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private Chosen<Superblock> superblock(FileChannel log) throws IOException, ReplogException {
        return SuperblockCodec.choose(read(log, 0, 2 * SuperblockCodec.BYTES), name());
    }

    private Checkpoint checkpoint(FileChannel log, Superblock superblock)
            throws IOException, ReplogException {
        LogLayout layout = superblock.layout();
        ByteBuffer slots = read(log, layout.checkpointOffset(), 2 * layout.checkpointBytes());
        return CheckpointCodec.choose(
                        slots,
                        0,
                        layout.checkpointBytes(),
                        layout.checkpointOffset(),
                        superblock.logUuid(),
                        name())
                .value();
    }

    private ByteBuffer read(FileChannel log, long offset, int bytes) throws IOException {
        ByteBuffer into = buffer(bytes);
        while (into.hasRemaining()) {
            if (log.read(into, place.startBytes() + offset + into.position()) < 0) {
                throw new EOFException(name() + " ends in the middle of its log");
            }
        }
        return into.clear();
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
