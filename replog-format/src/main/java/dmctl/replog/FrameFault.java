package dmctl.replog;

/** What is wrong with a frame at a place of a log, or that nothing is. */
public enum FrameFault {
    /** The frame is the one expected here (its data is not judged). */
    NONE,
    /** No frame begins here. */
    NOT_A_FRAME,
    /**
     * Written here by a newer version: a higher version number, an unknown flag or a reserved byte
     * in use.
     */
    TOO_NEW,
    /** Header, body header or descriptors differ from what was sealed. */
    BAD_CHECKSUM,
    /** A sound frame of another log. */
    OTHER_LOG,
    /**
     * A sound frame of this log that belongs at another position, such as one of an earlier lap.
     */
    OTHER_POSITION,
    /** A sound frame for this position that does not follow the frame before it. */
    BROKEN_CHAIN,
    /** The frame is sealed, but its body breaks a rule. */
    BAD_BODY,
    /** The frame's length does not follow from its data's. */
    BAD_LENGTH
}
