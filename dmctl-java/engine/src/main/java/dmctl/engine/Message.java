package dmctl.engine;

/**
 * Messages between daemons. Each is a header of 20 bytes, a meta part covered by the header's
 * checksum, and data covered by checksums in the meta part. Little-endian:
 *
 * <pre>
 *  0 magic u32 | 4 protocol version u8 | 5 type u8 | 6 zero u16 | 8 meta bytes u32
 * 12 data bytes u32 | 16 CRC32C of bytes 0..15 and the meta part u32
 * </pre>
 */
final class Message {
    static final int MAGIC = 0x314c4d44;
    static final int VERSION = 2;
    static final int HEADER_BYTES = 20;

    /** First on every connection, and its answer: {@link Hello}. */
    static final int HELLO = 1;

    static final int HELLO_REPLY = 2;

    /** The sender will not go on: code u32, then text. */
    static final int REFUSE = 3;

    /** Source to target: records follow; eager u8, then the term history. */
    static final int START = 4;

    /** Body header and descriptors as they are in the log; data. */
    static final int BATCH = 5;

    /** Source to target: flushed seq, head seq, completed seq, behind writes, bytes, eager u64. */
    static final int BEAT = 6;

    /**
     * Target to source: received, durable, applied seq, consistent u64; what may be sent: bytes of
     * frames since START, newest seq.
     */
    static final int ACK = 7;

    static final int ACK_BYTES = 48;

    /** Source to target: cut off what lies beyond a seq; seq u64. */
    static final int CUT = 8;

    /** Source to target: make ready for a copy of regions; discard u64. */
    static final int RESYNC_BEGIN = 9;

    /** Chunk u32, device u32, offset u64, bytes u32, then 16 bytes for each block of 4 KiB. */
    static final int COPY_SUMS = 10;

    /** Chunk u32, then a bit for each block wanted. */
    static final int COPY_WANT = 11;

    /** Chunk u32, a bit for each block sent, a bit for each block of zeroes, CRC32C; data. */
    static final int COPY_DATA = 12;

    /** Chunk u32: on the device. */
    static final int COPY_DONE = 13;

    /** All regions are copied: replay from base seq u64, consistent at seq u64; term history. */
    static final int RESYNC_END = 14;

    /** Give records from a seq u64 on. */
    static final int FETCH = 15;

    /** There are no more. */
    static final int FETCH_END = 16;

    /**
     * Source to target: you hold records beyond seq u64 that the history does not; term history.
     */
    static final int FORKED = 17;

    /** Refusal: the source's term is lower than the sender's. */
    static final int CODE_FENCED = 1;

    /** Refusal: the two are not of one group, or speak another protocol. */
    static final int CODE_MISMATCH = 2;

    /** Refusal: busy with something that ends by itself. */
    static final int CODE_LATER = 3;

    /** Refusal: the copies have forked. */
    static final int CODE_FORKED = 4;

    private Message() {}

    /** Least bytes of the meta part of a type: what is read without asking whether it is there. */
    static int metaBytesMin(int type) {
        return switch (type) {
            case REFUSE, COPY_WANT, COPY_DONE -> 4;
            case CUT, RESYNC_BEGIN, FETCH, FETCH_END, COPY_DATA -> 8;
            case START, FORKED -> 16;
            case COPY_SUMS -> 20;
            case RESYNC_END -> 24;
            case ACK -> 32;
            case BEAT -> 48;
            default -> 0;
        };
    }
}
