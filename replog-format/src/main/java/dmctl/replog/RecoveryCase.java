package dmctl.replog;

import java.util.List;

/**
 * What recovery makes of one place of the log: a decision table, one row for each constant. Exactly
 * one row matches any combination of findings.
 *
 * <p>Columns of a pattern, in order; {@code 1} yes, {@code 0} no, {@code -} any:
 *
 * <ol>
 *   <li>R: the place could be read
 *   <li>M: a frame's magic is there
 *   <li>V: its version is known
 *   <li>C: the head is sound (checksum, rules of body and lengths)
 *   <li>L: it is this log's
 *   <li>P: it is this position's (not an earlier lap's)
 *   <li>H: its chain names the frame before
 *   <li>O: its opening counts here (the checkpoint's endPosition rule, and not lower than that of
 *       the frame before)
 *   <li>S: its first seq is the next one, or it says GAP where a gap is legal
 *   <li>D: its data is intact; {@code n}: not read
 *   <li>F: the seq expected here is at or below the highest flushed mark found anywhere
 * </ol>
 */
public enum RecoveryCase {
    /** The frame expected here, data and all. */
    ACCEPTED(Outcome.ACCEPT, "1 1 1 1 1 1 1 1 1 1 -"),
    /** The frame expected here; its data was not read. */
    ACCEPTED_DATA_UNREAD(Outcome.ACCEPT, "1 1 1 1 1 1 1 1 1 n -"),
    /** The place cannot be read: not an end, not damage; nothing is known. */
    UNREADABLE(Outcome.IO_ERROR, "0 - - - - - - - - - -"),
    /** This log's frame for this place, written by a newer release. */
    NEWER_FRAME(Outcome.TOO_NEW, "1 1 0 - 1 1 - - - - -"),
    /** No frame, and none has to be here. */
    END_NO_FRAME(Outcome.END_OF_LOG, "1 0 - - - - - - - - 0"),
    /** No frame where a durable one must be. */
    FRAME_MISSING(Outcome.DAMAGE, "1 0 - - - - - - - - 1"),
    /** A head that was not written whole. */
    END_TORN_HEAD(Outcome.END_OF_LOG, "1 1 1 0 - - - - - - 0"),
    /** A durable head that has changed. */
    HEAD_DAMAGED(Outcome.DAMAGE, "1 1 1 0 - - - - - - 1"),
    /** A leftover of another log: not a frame here. */
    END_OTHER_LOG(Outcome.END_OF_LOG, "1 1 1 1 0 - - - - - 0", "1 1 0 - 0 - - - - - 0"),
    /** Another log's frame where a durable one must be. */
    OVERWRITTEN_BY_OTHER_LOG(Outcome.DAMAGE, "1 1 1 1 0 - - - - - 1", "1 1 0 - 0 - - - - - 1"),
    /** A leftover of an earlier lap: not a frame here. */
    END_OTHER_LAP(Outcome.END_OF_LOG, "1 1 1 1 1 0 - - - - 0", "1 1 0 - 1 0 - - - - 0"),
    /** An earlier lap's frame where a durable one must be. */
    LOST_WRITE(Outcome.DAMAGE, "1 1 1 1 1 0 - - - - 1", "1 1 0 - 1 0 - - - - 1"),
    /** A frame of this place that follows another one than the last accepted. */
    END_OTHER_CHAIN(Outcome.END_OF_LOG, "1 1 1 1 1 1 0 - - - 0"),
    /** A durable frame that does not follow the one before. */
    CHAIN_BROKEN(Outcome.DAMAGE, "1 1 1 1 1 1 0 - - - 1"),
    /** A frame that was cut off by a truncation or by an earlier end of the log. */
    END_CUT_OFF(Outcome.END_OF_LOG, "1 1 1 1 1 1 1 0 - - 0"),
    /** A frame that was cut off, where a durable one must be. */
    REPLACEMENT_MISSING(Outcome.DAMAGE, "1 1 1 1 1 1 1 0 - - 1"),
    /**
     * Sealed and chained, but the seq does not follow: the writer broke a rule, so nothing here is
     * trusted.
     */
    SEQ_JUMP(Outcome.DAMAGE, "1 1 1 1 1 1 1 1 0 - -"),
    /** Data that was not written whole. */
    END_TORN_DATA(Outcome.END_OF_LOG, "1 1 1 1 1 1 1 1 1 0 0"),
    /** Durable data that has changed. */
    DATA_DAMAGED(Outcome.DAMAGE, "1 1 1 1 1 1 1 1 1 0 1");

    /** What follows for the walk. */
    public enum Outcome {
        /** Take the frame and go on behind it. */
        ACCEPT,
        /** The log ends here, whatever follows; a new term begins here. */
        END_OF_LOG,
        /** Stop and report: durable records are lost or changed. Never skipped, never an end. */
        DAMAGE,
        /** Stop: a newer release must open this log. */
        TOO_NEW,
        /** Stop: the log cannot be read. */
        IO_ERROR
    }

    /** What is known of a frame's data. */
    public enum Data {
        /** It was not read. */
        UNREAD,
        /** Every record's data has its checksum. */
        INTACT,
        /** Some record's data has not. */
        BAD
    }

    private static final int READ = 0;
    private static final int MAGIC = 1;
    private static final int VERSION = 2;
    private static final int CHECKSUM = 3;
    private static final int LOG = 4;
    private static final int POSITION = 5;
    private static final int CHAIN = 6;
    private static final int OPENING = 7;
    private static final int SEQ = 8;
    private static final int DATA = 9;
    private static final int FLUSHED = 10;
    private static final int DATA_UNREAD = 11;

    private static final List<RecoveryCase> ROWS = List.of(values());

    private final Outcome outcome;
    private final long first;
    private final long second;

    RecoveryCase(Outcome outcome, String pattern) {
        this(outcome, pattern, pattern);
    }

    RecoveryCase(Outcome outcome, String first, String second) {
        this.outcome = outcome;
        this.first = pattern(first);
        this.second = pattern(second);
    }

    /** A condition as bits: below, those that must be set; 32 higher, those that must not. */
    private static long pattern(String columns) {
        long set = 0;
        long clear = 0;
        for (int i = 0; i <= FLUSHED; i++) {
            char c = columns.charAt(2 * i);
            long bit = 1L << i;
            switch (c) {
                case '1' -> set |= bit;
                case '0' -> clear |= bit;
                case 'n' -> {
                    set |= 1L << DATA_UNREAD;
                    clear |= bit;
                }
                case '-' -> {}
                default -> throw new IllegalArgumentException(columns);
            }
            if (i == DATA && (c == '0' || c == '1')) {
                clear |= 1L << DATA_UNREAD;
            }
        }
        return clear << 32 | set;
    }

    private static boolean matches(long pattern, int findings) {
        int set = (int) pattern;
        int clear = (int) (pattern >>> 32);
        return (findings & set) == set && (findings & clear) == 0;
    }

    /**
     * What follows.
     *
     * @return the row's outcome
     */
    public Outcome outcome() {
        return outcome;
    }

    /**
     * Whether only a fault of the writer can lead here, not one of a disk or a crash.
     *
     * @return true if so
     */
    public boolean writerBug() {
        return this == SEQ_JUMP;
    }

    boolean matches(int findings) {
        return matches(first, findings) || matches(second, findings);
    }

    /**
     * Decides for one place of the walk. Findings that cannot be had (the chain of what is no
     * frame) may be anything.
     *
     * @param readOk the place could be read
     * @param magicOk a frame's magic is there
     * @param versionOk its version is known
     * @param checksumOk checksum right, and the rules of body and lengths kept
     * @param sameLog it carries this log's UUID
     * @param positionOk it carries this position
     * @param chainOk its chain is the checksum of the last accepted frame (at the tail: the
     *     checkpoint's tailChain)
     * @param openingOk its opening counts at this position
     * @param seqOk its first seq is the next one, or GAP is set where a gap is legal
     * @param data what is known of its data
     * @param atOrBelowFlushed the seq expected here is at or below the highest flushed mark found
     *     anywhere
     * @return the one row that matches
     */
    public static RecoveryCase decide(
            boolean readOk,
            boolean magicOk,
            boolean versionOk,
            boolean checksumOk,
            boolean sameLog,
            boolean positionOk,
            boolean chainOk,
            boolean openingOk,
            boolean seqOk,
            Data data,
            boolean atOrBelowFlushed) {
        int findings =
                bit(readOk, READ)
                        | bit(magicOk, MAGIC)
                        | bit(versionOk, VERSION)
                        | bit(checksumOk, CHECKSUM)
                        | bit(sameLog, LOG)
                        | bit(positionOk, POSITION)
                        | bit(chainOk, CHAIN)
                        | bit(openingOk, OPENING)
                        | bit(seqOk, SEQ)
                        | bit(data == Data.INTACT, DATA)
                        | bit(data == Data.UNREAD, DATA_UNREAD)
                        | bit(atOrBelowFlushed, FLUSHED);
        return decide(findings);
    }

    /**
     * Decides for one place that was read and judged by {@link Frame#check}.
     *
     * @param fault what the judgement was
     * @param openingOk the frame's opening counts at this position
     * @param seqOk its first seq is the next one, or GAP is set where a gap is legal
     * @param data what is known of its data
     * @param atOrBelowFlushed the seq expected here is at or below the highest flushed mark found
     *     anywhere
     * @return the one row that matches
     */
    public static RecoveryCase decide(
            FrameFault fault,
            boolean openingOk,
            boolean seqOk,
            Data data,
            boolean atOrBelowFlushed) {
        boolean headBroken =
                fault == FrameFault.BAD_CHECKSUM
                        || fault == FrameFault.BAD_BODY
                        || fault == FrameFault.BAD_LENGTH;
        return decide(
                true,
                fault != FrameFault.NOT_A_FRAME,
                fault != FrameFault.TOO_NEW,
                !headBroken,
                fault != FrameFault.OTHER_LOG,
                fault != FrameFault.OTHER_POSITION,
                fault != FrameFault.BROKEN_CHAIN,
                openingOk,
                seqOk,
                data,
                atOrBelowFlushed);
    }

    static RecoveryCase decide(int findings) {
        for (int i = 0; i < ROWS.size(); i++) {
            if (ROWS.get(i).matches(findings)) {
                return ROWS.get(i);
            }
        }
        throw new AssertionError("no row of the recovery table for findings " + findings);
    }

    private static int bit(boolean finding, int column) {
        return finding ? 1 << column : 0;
    }
}
