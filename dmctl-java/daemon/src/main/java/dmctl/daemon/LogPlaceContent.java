package dmctl.daemon;

import dmctl.replog.Chosen;
import dmctl.replog.DamagedException;
import dmctl.replog.LegacyLogHeader;
import dmctl.replog.LogLayout;
import dmctl.replog.NotOurFormatException;
import dmctl.replog.ReplogException;
import dmctl.replog.Superblock;
import dmctl.replog.SuperblockCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** What is at the place of a log before it is opened. */
sealed interface LogPlaceContent {
    /** Header area of a log: superblocks, cursors and the smallest checkpoint slots. */
    int AREA_BYTES = (int) LogLayout.CHECKPOINT_OFFSET + 2 * LogLayout.DEFAULT_CHECKPOINT_BYTES;

    /** What to do about what is in the way. */
    String CLEAR =
            "correct the path, or clear the place with blkdiscard -z or dd if it is not needed";

    /** Zeroes in the whole header area, or a log that nothing was ever written to. */
    record Nothing() implements LogPlaceContent {}

    /**
     * A log of this format.
     *
     * @param totalBytes its size
     */
    record Log(long totalBytes) implements LogPlaceContent {}

    /**
     * A log of this format that is damaged, too old or too new.
     *
     * @param fault names the place
     */
    record Unsound(ReplogException fault) implements LogPlaceContent {}

    /**
     * Anything else.
     *
     * @param name what it is, as far as that can be told
     * @param remedy what to do about it
     */
    record Other(String name, String remedy) implements LogPlaceContent {}

    /**
     * Looks. Reads beside whoever holds the file open and locked, and writes nothing.
     *
     * @param path a file or block device
     * @param startBytes where the log begins or would begin
     */
    static LogPlaceContent at(Path path, long startBytes) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            ByteBuffer area = read(channel, startBytes);
            LogPlaceContent found = content(area, path.toString());
            if (startBytes == 0 || !(found instanceof Nothing)) {
                return found;
            }
            // Free space of a file system is all zeroes too.
            Optional<String> owner = Signatures.name(read(channel, 0));
            return owner.<LogPlaceContent>map(name ->
                            new Other("a part of " + name, "put the log on a device of its own"))
                    .orElse(found);
        }
    }

    private static ByteBuffer read(FileChannel channel, long start) throws IOException {
        ByteBuffer area = ByteBuffer.allocate(AREA_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        while (area.hasRemaining()) {
            if (channel.read(area, start + area.position()) < 0) {
                break; // too short for a log, which whoever opens it says
            }
        }
        return area.clear();
    }

    private static LogPlaceContent content(ByteBuffer area, String name) {
        if (isUnused(area, name)) {
            return new Nothing();
        }
        try {
            Chosen<Superblock> chosen = SuperblockCodec.choose(area, name);
            Optional<String> over =
                    chosen.other() == null ? Optional.empty() : Signatures.name(area);
            return over.<LogPlaceContent>map(user -> new Other(user + " over a log", CLEAR))
                    .orElse(new Log(chosen.value().layout().totalBytes()));
        } catch (NotOurFormatException e) {
            return other(area, name);
        } catch (ReplogException e) {
            return new Unsound(e);
        }
    }

    /**
     * As the engine sees it: zeroes, but for a first superblock that was never opened or whose
     * writing was interrupted.
     */
    private static boolean isUnused(ByteBuffer area, String name) {
        if (!isZero(area, SuperblockCodec.BYTES, AREA_BYTES)) {
            return false;
        }
        try {
            Superblock first = SuperblockCodec.decode(area, 0, name);
            return first.opening() == 0;
        } catch (DamagedException e) {
            return true;
        } catch (ReplogException e) {
            return isZero(area, 0, SuperblockCodec.BYTES);
        }
    }

    private static boolean isZero(ByteBuffer area, int from, int to) {
        for (int i = from; i < to; i += Long.BYTES) {
            if (area.getLong(i) != 0) {
                return false;
            }
        }
        return true;
    }

    private static LogPlaceContent other(ByteBuffer area, String name) {
        if (!LegacyLogHeader.startsAt(area, 0)) {
            return new Other(Signatures.name(area).orElse("data of unknown kind"), CLEAR);
        }
        String found = "a log of the original driver (dm-replicatorHJM";
        try {
            found += ", " + LegacyLogHeader.decode(area, 0, 0, name).sizeSectors() + " sectors)";
        } catch (ReplogException e) {
            found += ", " + e.getMessage() + ")";
        }
        return new Other(found, "dmctl replog reads it; " + CLEAR);
    }
}
