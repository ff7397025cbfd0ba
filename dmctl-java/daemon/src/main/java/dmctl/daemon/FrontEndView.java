package dmctl.daemon;

import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.front.ShownDevice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The front end as status shows it.
 *
 * @param kind as in the group's file
 * @param devices block devices of this machine
 * @param problem what keeps them from being there
 * @param memoryBytes what it takes besides what the JVM accounts for
 */
record FrontEndView(
        String kind,
        List<ShownDevice> devices,
        @Nullable FrontEndProblem problem,
        long memoryBytes) {}
