package dmctl.tools.relay;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;

/**
 * Bytes under way in one direction, each with the time it came in. A delay holds back bytes, not
 * bandwidth: as long as rate times delay fits the bound, the reader sees the writer's full rate.
 */
final class DelayQueue {
    /** Bytes that came within this time of each other travel together. */
    private static final long SAME_TIME_NANOS = 50_000;

    /** End position of the bytes that had come in by a time. */
    private record Mark(long arrivalNanos, long end) {}

    private final SegmentPool pool;
    private final long bytesMax;
    private final ArrayDeque<ByteBuffer> segments = new ArrayDeque<>();
    private final ArrayDeque<Mark> marks = new ArrayDeque<>();

    /** Bytes of the first segment that have gone out. */
    private int firstTaken;

    private long in;
    private long out;
    private long due;

    DelayQueue(SegmentPool pool, long bytesMax) {
        this.pool = pool;
        this.bytesMax = bytesMax;
    }

    long queuedBytes() {
        return in - out;
    }

    boolean isFull() {
        return queuedBytes() >= bytesMax;
    }

    /**
     * Takes in what the source has, once.
     *
     * @param allowance most bytes to take, above 0
     * @return bytes taken; -1 at the end of the stream
     */
    int fill(ReadableByteChannel source, long allowance, long now) throws IOException {
        ByteBuffer last = segments.peekLast();
        if (last == null || !last.hasRemaining()) {
            last = pool.take();
            segments.add(last);
        }
        long room = Math.min(allowance, bytesMax - queuedBytes());
        int capacity = last.limit();
        last.limit((int) Math.min(capacity, last.position() + room));
        int count;
        try {
            count = source.read(last);
        } finally {
            last.limit(capacity);
        }
        if (count > 0) {
            in += count;
            Mark newest = marks.peekLast();
            if (newest != null && now - newest.arrivalNanos() < SAME_TIME_NANOS) {
                marks.pollLast();
                marks.add(new Mark(newest.arrivalNanos(), in));
            } else {
                marks.add(new Mark(now, in));
            }
        }
        return count;
    }

    /** Returns whether bytes are due that have not gone out. */
    boolean isDue(long now, long delayNanos) {
        Mark first = marks.peekFirst();
        while (first != null && now - first.arrivalNanos() >= delayNanos) {
            due = first.end();
            marks.pollFirst();
            first = marks.peekFirst();
        }
        return due > out;
    }

    /** Returns nanoseconds until the next bytes are due, or -1 if none are under way. */
    long nanosToDue(long now, long delayNanos) {
        Mark first = marks.peekFirst();
        return first == null ? -1 : Math.max(0, first.arrivalNanos() + delayNanos - now);
    }

    /**
     * Gives the sink what is due, as far as it takes it.
     *
     * @return bytes given
     */
    long drain(WritableByteChannel sink) throws IOException {
        long given = 0;
        while (out < due) {
            ByteBuffer first = segments.getFirst();
            int length = (int) Math.min(first.position() - firstTaken, due - out);
            int count = sink.write(first.slice(firstTaken, length));
            given += count;
            out += count;
            firstTaken += count;
            if (firstTaken == first.limit() || queuedBytes() == 0) {
                pool.give(segments.removeFirst());
                firstTaken = 0;
            }
            if (count < length) {
                break;
            }
        }
        return given;
    }

    /** Gives back the buffers; what was under way is lost. */
    void discard() {
        segments.forEach(pool::give);
        segments.clear();
        marks.clear();
        out = in;
        due = in;
        firstTaken = 0;
    }
}
