package dmctl.engine;

/**
 * Where the ring of a log stands and what of it is in use, for statistics. Positions are linear
 * byte counts; a position modulo {@code bytes} is its place in the ring.
 *
 * @param offset where the ring begins in the log, bytes
 * @param bytes its size
 * @param tail position of the oldest record kept
 * @param written position up to which it is written
 * @param head position of the next record
 * @param openedHead the same when the log was opened
 * @param records taken in since then
 */
public record RingPlaces(
        long offset,
        long bytes,
        long tail,
        long written,
        long head,
        long openedHead,
        long records) {
    /**
     * Place of a position.
     *
     * @param position linear position
     * @return byte offset in the log
     */
    public long place(long position) {
        return offset + position % bytes;
    }

    /**
     * Tells how often the ring was gone round since the log was opened.
     *
     * @return a count
     */
    public long wraps() {
        return head / bytes - openedHead / bytes;
    }
}
