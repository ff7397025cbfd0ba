package dmctl.simulator;

import dmctl.engine.port.Request;
import org.jspecify.annotations.Nullable;

/** One request of a writer under way. */
final class Op {
    /** What a writer does. */
    enum Kind {
        WRITE,
        ZERO,
        DISCARD,
        FLUSH,
        READ
    }

    final int writer;
    final Kind kind;
    final Request request = new Request();

    /** Number in the journal; -1 for flushes and reads. */
    int nr = -1;

    /** Tick of issue, for flushes and reads. */
    long issued;

    /** Flush: the seq that has to be durable when it ends. */
    long covers;

    int device;
    int firstSector;
    int sectors;

    /** The line it was issued in; ends that come later are nobody's any more. */
    @Nullable History line;

    Op(int writer, Kind kind) {
        this.writer = writer;
        this.kind = kind;
    }

    boolean changes() {
        return nr >= 0;
    }

    boolean overlaps(int onDevice, int first, int count) {
        return device == onDevice && firstSector < first + count && first < firstSector + sectors;
    }
}
