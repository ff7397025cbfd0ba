package dmctl.config;

import dmctl.config.GroupConfig.Tuning;

/** Reads the sizes and times that are rarely changed. */
final class TuningReader {
    private static final int PAGE = 4096;

    private TuningReader() {}

    static Tuning tuning(Mapping top, int blockSize, Findings findings) {
        Tuning preset = Tuning.DEFAULT;
        int memory =
                top.value(
                        "memory", preset.memoryBytes(), text -> size(text, 8 << 20, 1 << 30, PAGE));
        int batch =
                top.value(
                        "batch", presetBatch(memory), text -> size(text, 64 << 10, 16 << 20, PAGE));
        if (batch > memory / 4) {
            findings.add(
                    top.node(),
                    "batch " + Units.formatSize(batch),
                    "more than a quarter of memory " + Units.formatSize(memory),
                    "write a smaller batch or more memory");
        }
        int region =
                top.value("region-size", preset.regionBytes(), text -> powerOfTwo(text, blockSize));
        if (region > batch) {
            findings.add(
                    top.node(),
                    "region-size " + Units.formatSize(region),
                    "more than batch " + Units.formatSize(batch),
                    "write a smaller region-size or a larger batch");
        }
        long heartbeat =
                top.value("heartbeat", preset.heartbeatMillis(), text -> time(text, 50, 60_000));
        long timeout =
                top.value(
                        "link-timeout",
                        preset.linkTimeoutMillis(),
                        text -> time(text, 200, 600_000));
        if (timeout < 2 * heartbeat) {
            findings.add(
                    top.node(),
                    "link-timeout " + Units.formatTime(timeout),
                    "less than two heartbeats of " + Units.formatTime(heartbeat),
                    "write a longer link-timeout or a shorter heartbeat");
        }
        return new Tuning(
                memory,
                batch,
                region,
                heartbeat,
                timeout,
                top.value("ask-sites", preset.askSitesMillis(), text -> time(text, 0, 600_000)),
                top.value("async-flush", preset.asyncFlushMillis(), text -> time(text, 0, 10_000)),
                top.value(
                        "disk-access",
                        preset.diskAccess(),
                        text -> SiteSettings.word(GroupConfig.DiskAccess.class, text)));
    }

    /** The most data in one batch where the file does not say. */
    static int presetBatch(int memoryBytes) {
        return Math.min(Tuning.DEFAULT.batchBytes(), memoryBytes / 8 / PAGE * PAGE);
    }

    private static int size(String text, int min, int max, int multiple) throws WordException {
        long value = Units.size(text);
        if (value < min || value > max || value % multiple != 0) {
            throw new WordException(
                    "out of range",
                    "write "
                            + Units.formatSize(min)
                            + " to "
                            + Units.formatSize(max)
                            + ", a multiple of "
                            + Units.formatSize(multiple));
        }
        return (int) value;
    }

    private static int powerOfTwo(String text, int blockSize) throws WordException {
        long value = Units.size(text);
        if (value < Math.max(PAGE, blockSize) || value > 16 << 20 || Long.bitCount(value) != 1) {
            throw new WordException(
                    "not a size of a region", "write a power of two from 4KiB to 16MiB");
        }
        return (int) value;
    }

    private static long time(String text, long minMillis, long maxMillis) throws WordException {
        long value = Units.time(text);
        if (value < minMillis || value > maxMillis) {
            throw new WordException(
                    "out of range",
                    "write " + Units.formatTime(minMillis) + " to " + Units.formatTime(maxMillis));
        }
        return value;
    }
}
