package dmctl.config.table;

import dmctl.config.table.DirtyLog.FirstSync;

/** Reads the words of a copy: its device and its dirty log. */
final class CopyParser {
    private static final String COUNT = "Invalid device/dirtylog argument count";
    private static final String NOT_MADE = "failed to create dirty log";

    private final Words words;
    private final Extent extent;
    private final Group group;
    private final String user;

    /**
     * Reads from the next word.
     *
     * @param extent of the replicated device
     * @param group what the group has so far
     * @param user whose paths they are, for messages about others that use them too
     */
    CopyParser(Words words, Extent extent, Group group, String user) {
        this.words = words;
        this.extent = extent;
        this.group = group;
        this.user = user;
    }

    Copy copy(int linkNr) throws TableException {
        String wrong = "Invalid device parameter number argument";
        Word count = words.next(wrong, "write 1, and the device behind it");
        long given = Words.decimal(count.text(), Integer.MAX_VALUE);
        if (given < 0 || given > words.left()) {
            throw words.refuse(count, wrong, "write 1, and the device behind it");
        }
        if (given != 1) {
            throw words.refuse(count, "invalid device parameters count", "write 1");
        }
        Word device = words.next();
        group.claim(words, device, group.machine(linkNr), user + " at site link " + linkNr);
        return new Copy(linkNr, device.text(), dirtyLog(linkNr));
    }

    private DirtyLog dirtyLog(int linkNr) throws TableException {
        Word type = words.next(COUNT, "write the dirty log: nolog, core or disk");
        Word count = words.next(COUNT, "write how many words of the dirty log follow");
        long given = Words.decimal(count.text(), Integer.MAX_VALUE);
        if (given < 0) {
            throw words.refuse(
                    count,
                    "Invalid dirtylog parameter number argument",
                    "write how many words of the dirty log follow");
        }
        if (given > words.left()) {
            throw words.refuse(
                    count, COUNT, "it says " + given + ", but " + words.left() + " follow");
        }
        return switch (type.text()) {
            case "nolog", "-" -> none(linkNr, type, count, given);
            case "core" -> regions(linkNr, type, count, given, 1);
            case "disk" -> regions(linkNr, type, count, given, 2);
            default -> throw words.refuse(type, NOT_MADE, "write nolog, core or disk");
        };
    }

    private DirtyLog none(int linkNr, Word type, Word count, long given) throws TableException {
        if (linkNr != 0) {
            throw words.refuse(
                    type, "dirty log mandatory on SLINKs > 0", "write core 1 REGION_SIZE");
        }
        if (given != 0) {
            throw words.refuse(count, "invalid dirty log parameter count", "write 0");
        }
        return new DirtyLog.None();
    }

    private DirtyLog regions(int linkNr, Word type, Word count, long given, int least)
            throws TableException {
        if (linkNr == 0) {
            throw words.refuse(type, "no dirty log allowed on SLINK0", "write nolog 0");
        }
        if (given < least || given > least + 1) {
            throw words.refuse(
                    count,
                    "invalid dirty log parameter count",
                    "write " + least + " or " + (least + 1));
        }
        String device = "";
        if (least == 2) {
            Word word = words.next();
            group.claim(words, word, "", "dirty log of " + user + " at site link " + linkNr);
            device = word.text();
        }
        long region = region(words.next());
        FirstSync firstSync = given > least ? firstSync(words.next()) : FirstSync.UNSAID;
        return least == 2
                ? new DirtyLog.Disk(device, region, firstSync)
                : new DirtyLog.Core(region, firstSync);
    }

    private long region(Word word) throws TableException {
        long sectors = Words.decimal(word.text(), Integer.MAX_VALUE);
        if (sectors < 2 || Long.bitCount(sectors) != 1) {
            throw words.refuse(word, NOT_MADE, "write the region size in sectors, a power of two");
        }
        if (sectors < DirtyLog.Regions.SECTORS_MIN) {
            throw words.refuse(
                    word,
                    "Invalid dirty log region size",
                    "write " + DirtyLog.Regions.SECTORS_MIN + " sectors or more");
        }
        if (sectors > extent.length()) {
            throw words.refuse(
                    word,
                    NOT_MADE,
                    "a region is larger than the device with its " + extent.length() + " sectors");
        }
        group.region(words, word, sectors);
        return sectors;
    }

    private FirstSync firstSync(Word word) throws TableException {
        return switch (word.text()) {
            case "sync" -> FirstSync.SYNC;
            case "nosync" -> FirstSync.NOSYNC;
            default -> throw words.refuse(word, NOT_MADE, "write sync or nosync, or neither");
        };
    }
}
