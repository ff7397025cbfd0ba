package dmctl.tools.replog;

import dmctl.replog.ExportHeader;
import dmctl.replog.LegacyLogHeader;
import dmctl.replog.NotOurFormatException;
import dmctl.replog.ReplogException;
import dmctl.replog.SuperblockCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Something that can be dumped, checked and counted. */
sealed interface Source permits CurrentLog, ExportFile, LegacyLog {
    /**
     * Prints everything, one line each.
     *
     * @param all whether to look for entries everywhere, not only between tail and end
     */
    void dump(Report report, boolean all) throws IOException, ReplogException;

    /** Verifies everything and names what is damaged. */
    void check(Report report) throws IOException, ReplogException;

    /** Counts what is in it. */
    Statistics stat() throws IOException, ReplogException;

    /** Writes what is pending, in order, for each device. */
    void export(Path dir, Report report, int slink) throws IOException, ReplogException;

    /** Finds out what a file is. */
    static Source of(LogFile file, long startSector) throws IOException, ReplogException {
        long start = Math.multiplyExact(startSector, 512L);
        ByteBuffer head = file.read(start, 2 * SuperblockCodec.BYTES);
        if (LegacyLogHeader.startsAt(head, 0)) {
            return new LegacyLog(file, start);
        }
        if (startSector != 0) {
            throw new NotOurFormatException(file.name(), "dm-replicator log header", start, false);
        }
        try {
            return new ExportFile(file, ExportHeader.decode(head, 0, file.name()));
        } catch (NotOurFormatException e) {
            return new CurrentLog(file, SuperblockCodec.choose(head, file.name()));
        }
    }
}
