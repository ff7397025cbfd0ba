package dmctl.replog;

/** What is wrong with a batch body, or that nothing is. */
public enum BodyFault {
    /** The body may be used. */
    NONE,
    /** No body begins here: the magic is missing or not enough bytes are there for a header. */
    NOT_A_BODY,
    /**
     * Written by a newer version: a higher version number, an unknown flag or a reserved byte in
     * use.
     */
    TOO_NEW,
    /** The count of records, the range of seqs or the length of the data is out of bounds. */
    BAD_COUNT,
    /** The bytes differ from those that were sealed. */
    BAD_CHECKSUM,
    /** A descriptor breaks a rule: unknown type or flag, range of sectors, or place of its data. */
    BAD_DESCRIPTOR
}
