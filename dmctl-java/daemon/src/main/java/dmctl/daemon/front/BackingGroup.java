package dmctl.daemon.front;

import dmctl.daemon.io.GroupLoop;
import dmctl.engine.GroupStatus.Role;
import dmctl.engine.port.FrontEnd;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The group behind a front end, which shows its devices.
 *
 * @param requests takes what applications want
 * @param role which part this site plays
 * @param loop of the group
 * @param events told what an administrator should read, one line each; on any thread
 * @param pauseNanos until a front end looks again at what did not work or may have changed
 */
public record BackingGroup(
        FrontEnd requests,
        Supplier<Role> role,
        GroupLoop loop,
        Consumer<String> events,
        long pauseNanos) {
    /**
     * Tells whether the group is served at this site.
     *
     * @return true if its devices can be read and written
     */
    public boolean serving() {
        return requests.serving();
    }

    /**
     * Says what an administrator should read.
     *
     * @param line one line
     */
    public void say(String line) {
        events.accept(line);
    }

    /**
     * Returns the loop's time.
     *
     * @return monotonic
     */
    public long nanos() {
        return loop.clock().monotonicNanos();
    }
}
