package dmctl.config;

import dmctl.config.Address.Tcp;
import dmctl.config.GroupConfig.DaemonPlaces;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.nodes.Node;

/**
 * Who uses which path or address, so that nothing is used twice. On machines of different addresses
 * the same path is not the same file.
 */
final class Claims {
    /** Whichever machine the primary is on: where the devices of a blockdev site are. */
    private static final String PRIMARY = "*";

    private static final String THIS_MACHINE = "";

    private record Claim(Node at, String resource, String user) {}

    private final Findings findings;

    /** Of the site that is being read: its machine is known at its end. */
    private final List<Claim> pending = new ArrayList<>();

    /** Users by machine, by what they use. */
    private final Map<String, Map<String, String>> users = new HashMap<>();

    Claims(Findings findings) {
        this.findings = findings;
    }

    void add(Node at, String resource, String user) {
        pending.add(new Claim(at, resource, user));
    }

    /** Holds what a site uses against all before it. */
    void settle(Optional<DaemonPlaces> daemon) {
        String machine = daemon.map(Claims::machine).orElse(PRIMARY);
        for (Claim claim : pending) {
            Map<String, String> others =
                    users.computeIfAbsent(claim.resource(), resource -> new HashMap<>());
            Optional<String> other =
                    others.entrySet().stream()
                            .filter(user -> meets(user.getKey(), machine))
                            .map(Map.Entry::getValue)
                            .findFirst();
            if (other.isPresent()) {
                findings.add(
                        claim.at(),
                        claim.resource(),
                        "also the " + other.get(),
                        "give each its own");
            }
            others.putIfAbsent(machine, claim.user());
        }
        pending.clear();
    }

    private static String machine(DaemonPlaces places) {
        return places.connect() instanceof Tcp tcp && !tcp.isLoopback()
                ? tcp.host().toLowerCase(Locale.ROOT)
                : THIS_MACHINE;
    }

    private static boolean meets(String machine, String other) {
        return machine.equals(other) || machine.equals(PRIMARY) || other.equals(PRIMARY);
    }
}
