package dmctl.simulator;

/**
 * What an oracle says of an image.
 *
 * @param good whether some cut explains it
 * @param low lowest seq at which the cut may be, when the oracle knows the order
 * @param high highest seq at which the cut may be
 * @param reason what cannot be explained; empty if good
 */
record Verdict(boolean good, long low, long high, String reason) {
    static Verdict good(long low, long high) {
        return new Verdict(true, low, high, "");
    }

    static Verdict bad(String reason) {
        return new Verdict(false, 0, 0, reason);
    }
}
