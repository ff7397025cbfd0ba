package dmctl.daemon;

import java.util.List;

/**
 * The most memory this process takes: the limits that its JVM was given and keeps, and what a JVM
 * takes besides.
 */
final class ProcessMemory {
    private static final long MIB = 1 << 20;

    /** The JVM's own code, its threads' stacks, and what it allocates for itself. */
    private static final long JVM_BYTES = 96 * MIB;

    private static final long CODE_CACHE_BYTES = 240 * MIB;
    private static final long METASPACE_BYTES = 128 * MIB;

    private ProcessMemory() {}

    static long bytesMax() {
        List<String> options =
                List.of(ProcessHandle.current().info().arguments().orElse(new String[0]));
        return bytesMax(options, Runtime.getRuntime().maxMemory());
    }

    static long bytesMax(List<String> options, long heapBytes) {
        return option(options, "-Xmx", heapBytes)
                + option(options, "-XX:MaxDirectMemorySize=", heapBytes)
                + option(options, "-XX:ReservedCodeCacheSize=", CODE_CACHE_BYTES)
                + option(options, "-XX:MaxMetaspaceSize=", METASPACE_BYTES)
                + JVM_BYTES;
    }

    /** The last one counts, as it does for the JVM. */
    private static long option(List<String> options, String name, long otherwise) {
        long bytes = otherwise;
        for (String option : options) {
            if (option.startsWith(name)) {
                bytes = size(option.substring(name.length()), otherwise);
            }
        }
        return bytes;
    }

    private static long size(String text, long otherwise) {
        int digits = 0;
        while (digits < text.length() && Character.isDigit(text.charAt(digits))) {
            digits++;
        }
        int shift =
                switch (text.substring(digits)) {
                    case "" -> 0;
                    case "k", "K" -> 10;
                    case "m", "M" -> 20;
                    case "g", "G" -> 30;
                    default -> -1;
                };
        return digits == 0 || digits > 15 || shift < 0
                ? otherwise
                : Long.parseLong(text.substring(0, digits)) << shift;
    }
}
