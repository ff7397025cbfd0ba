package dmctl.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** All that reads the log back, with the space they hold; those that nobody uses are used again. */
final class LogReaders {
    private final Replica replica;
    private final List<FrameReader> all = new ArrayList<>();
    private final ArrayDeque<FrameReader> idle = new ArrayDeque<>();

    LogReaders(Replica replica) {
        this.replica = replica;
    }

    /** One that nobody uses; to be given back, or kept by a part that lives as long as these. */
    FrameReader take() {
        return idle.isEmpty() ? new FrameReader(replica) : idle.pop();
    }

    void give(FrameReader reader) {
        Invariant.check(reader.isFree(), "a reader given back reads nothing");
        idle.push(reader);
    }

    /** Watches over what a new reader holds. */
    void add(FrameReader reader) {
        all.add(reader);
    }

    int size() {
        return all.size();
    }

    /** Position in the log that must not be released, Long.MAX_VALUE if none. */
    long pinnedPosition() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < all.size(); i++) {
            least = Math.min(least, all.get(i).pinnedPosition());
        }
        return least;
    }
}
