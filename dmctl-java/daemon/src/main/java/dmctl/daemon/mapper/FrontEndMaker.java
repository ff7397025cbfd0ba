package dmctl.daemon.mapper;

import dmctl.config.GroupConfig;
import dmctl.daemon.front.DeviceFrontEnd;
import java.io.IOException;

/** Makes front ends, also while the group is served. */
@FunctionalInterface
public interface FrontEndMaker {
    /**
     * Makes a front end that shows all devices of the group.
     *
     * @param kind which
     * @return it
     * @throws IOException if this kind has no devices, or cannot be had
     */
    DeviceFrontEnd make(GroupConfig.FrontEnd kind) throws IOException;
}
