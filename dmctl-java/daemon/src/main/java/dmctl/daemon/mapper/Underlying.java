package dmctl.daemon.mapper;

import dmctl.config.GroupConfig;
import dmctl.config.SiteSettings;
import dmctl.daemon.front.DeviceFrontEnd;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.front.ShownDevice;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The front ends whose devices the names lead to: one, and while it is changed the one before or
 * the one to come. On the loop.
 */
final class Underlying {
    /** A front end. */
    record Shown(GroupConfig.FrontEnd kind, DeviceFrontEnd front) {
        boolean allLive() {
            return front.devices().stream()
                    .allMatch(device -> device.state() == ShownDevice.State.LIVE);
        }
    }

    private Shown current;
    private final List<Shown> others = new ArrayList<>();

    Underlying(Shown current) {
        this.current = current;
    }

    Shown current() {
        return current;
    }

    List<Shown> others() {
        return List.copyOf(others);
    }

    void add(Shown shown) {
        others.add(shown);
    }

    /** Has names lead to another one from now on. */
    void prefer(Shown shown) {
        if (others.remove(shown)) {
            others.add(current);
            current = shown;
        }
    }

    /** Lets one go that has stopped. */
    void remove(Shown shown) {
        if (others.remove(shown)) {
            shown.front().close();
        }
    }

    /** The kinds that names may lead to, the newest last. */
    List<String> kinds(GroupConfig.@Nullable FrontEnd next) {
        List<String> kinds = new ArrayList<>();
        kinds.add(SiteSettings.spelled(current.kind()));
        others.forEach(other -> kinds.add(SiteSettings.spelled(other.kind())));
        if (next != null) {
            String last = SiteSettings.spelled(next);
            kinds.remove(last);
            kinds.add(last);
        }
        return kinds;
    }

    boolean endOfRound() {
        boolean more = current.front().endOfRound();
        for (int i = 0; i < others.size(); i++) {
            more |= others.get(i).front().endOfRound();
        }
        return more;
    }

    @Nullable FrontEndProblem problem() {
        FrontEndProblem problem = current.front().problem();
        for (Iterator<Shown> rest = others.iterator(); problem == null && rest.hasNext(); ) {
            problem = rest.next().front().problem();
        }
        return problem;
    }

    long memoryBytes() {
        long bytes = current.front().memoryBytes();
        for (Shown other : others) {
            bytes += other.front().memoryBytes();
        }
        return bytes;
    }

    /** Takes all devices away; with the first that cannot be, the rest stays. */
    void stop(boolean keepUsed, Consumer<String> told) {
        List<Shown> all = new ArrayList<>(others);
        all.add(current);
        stop(all.iterator(), keepUsed, told);
    }

    private static void stop(Iterator<Shown> rest, boolean keepUsed, Consumer<String> told) {
        if (!rest.hasNext()) {
            told.accept("");
            return;
        }
        rest.next()
                .front()
                .stop(
                        keepUsed,
                        hindrance -> {
                            if (hindrance.isEmpty()) {
                                stop(rest, keepUsed, told);
                            } else {
                                told.accept(hindrance);
                            }
                        });
    }

    void close() {
        current.front().close();
        others.forEach(other -> other.front().close());
    }
}
