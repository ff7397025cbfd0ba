package dmctl.cli;

import dmctl.config.Address;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Device;
import dmctl.config.GroupConfig.Site;
import java.util.ArrayList;
import java.util.List;

/** How clients reach the devices of a site. */
final class Clients {
    private Clients() {}

    /** NBD URIs of every device, one line each. */
    static List<String> lines(GroupConfig config, Site site) {
        List<String> lines = new ArrayList<>();
        for (Address address : site.daemon().orElseThrow().nbd()) {
            for (Device device : config.devices()) {
                lines.add("  " + uri(address, device));
            }
        }
        return lines;
    }

    static String uri(Address address, Device device) {
        return switch (address) {
            case Address.Unix unix -> "nbd+unix:///" + device.name() + "?socket=" + unix.path();
            case Address.Tcp tcp -> "nbd://" + tcp + "/" + device.name();
        };
    }
}
