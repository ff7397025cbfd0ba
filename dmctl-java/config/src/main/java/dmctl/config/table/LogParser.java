package dmctl.config.table;

import dmctl.config.LogOpening;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/** Reads the words of the replog: its count, device, start, and how it is opened. */
final class LogParser {
    private static final String COUNT = "Invalid replicator log parameter number";

    private final Words words;

    /** Whether a log may be made without saying how large. */
    private final boolean sizeOptional;

    private Word device = new Word("", 0, 0);
    private Word sizeWord = device;

    LogParser(Words words, boolean sizeOptional) {
        this.words = words;
        this.sizeOptional = sizeOptional;
    }

    LogDevice log() throws TableException {
        Word count = words.next(COUNT, "");
        long given = Words.decimal(count.text(), 4);
        if (given < 2) {
            throw words.refuse(count, COUNT, "write how many words of the log follow: 2, 3 or 4");
        }
        if (given > words.left()) {
            throw words.refuse(
                    count, COUNT, "it says " + given + ", but " + words.left() + " follow");
        }
        device = words.next();
        Word start = words.next();
        long startSector = Words.decimal(start.text(), Extent.SECTOR_MAX);
        if (startSector < 0) {
            throw words.refuse(
                    start, "invalid replicator log device start", "write sectors, mostly 0");
        }
        LogOpening opening = LogOpening.OPEN;
        OptionalLong size = OptionalLong.empty();
        if (given >= 3) {
            Word word = words.next();
            opening = opening(word);
            if (given == 3 && opening != LogOpening.OPEN && !sizeOptional) {
                throw words.refuse(
                        word,
                        "4 arguments required for auto and create",
                        "write the size in sectors behind it");
            }
        }
        if (given == 4) {
            sizeWord = words.next();
            size = OptionalLong.of(size(sizeWord));
        }
        return new LogDevice(device.text(), startSector, opening, size);
    }

    /** Where the device stood. */
    Word device() {
        return device;
    }

    /** Where the size stood, if there was one. */
    Word sizeWord() {
        return sizeWord;
    }

    private LogOpening opening(Word word) throws TableException {
        for (LogOpening opening : List.of(LogOpening.CREATE, LogOpening.OPEN, LogOpening.AUTO)) {
            if (spelled(opening).startsWith(word.text())) {
                return opening;
            }
        }
        throw words.refuse(word, "invalid replicator log open type", "write auto, create or open");
    }

    static String spelled(LogOpening opening) {
        return opening.name().toLowerCase(Locale.ROOT);
    }

    private long size(Word word) throws TableException {
        long sectors = Words.decimal(word.text(), Extent.SECTOR_MAX);
        if (sectors < LogDevice.SECTORS_MIN) {
            throw words.refuse(
                    word,
                    "invalid replicator log device size",
                    "write sectors without a unit, " + LogDevice.SECTORS_MIN + " or more");
        }
        return sectors;
    }
}
