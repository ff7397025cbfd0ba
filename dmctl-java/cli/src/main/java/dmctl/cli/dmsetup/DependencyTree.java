package dmctl.cli.dmsetup;

import dmctl.nativebridge.devmapper.DeviceDeps;
import dmctl.nativebridge.devmapper.DeviceInfo;
import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceMapperException;
import dmctl.nativebridge.devmapper.DeviceNumber;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.ListedDevice;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Mapped devices and what they lie on, in the order in which they were found. */
final class DependencyTree {
    /** A device; both lists have the root where there is nothing else. */
    static final class Node {
        final DeviceNumber number;
        final String name;
        final String uuid;
        final Optional<DeviceInfo> info;
        private final List<Node> uses = new ArrayList<>();
        private final List<Node> usedBy = new ArrayList<>();

        Node(DeviceNumber number, String name, String uuid, Optional<DeviceInfo> info) {
            this.number = number;
            this.name = name;
            this.uuid = uuid;
            this.info = info;
        }
    }

    private final DeviceMapper mapper;
    private final Node root = new Node(new DeviceNumber(0, 0), "", "", Optional.empty());
    private final Map<DeviceNumber, Node> nodes = new HashMap<>();
    private final Set<DeviceNumber> mapped = new HashSet<>();

    private DependencyTree(DeviceMapper mapper) {
        this.mapper = mapper;
    }

    static DependencyTree of(DeviceMapper mapper, List<ListedDevice> devices)
            throws DeviceMapperException {
        DependencyTree tree = new DependencyTree(mapper);
        devices.forEach(device -> tree.mapped.add(device.number()));
        for (ListedDevice device : devices) {
            tree.add(tree.root, device.number());
        }
        return tree;
    }

    private void add(Node parent, DeviceNumber number) throws DeviceMapperException {
        Node node = nodes.get(number);
        if (node != null) {
            link(parent, node);
            return;
        }
        List<DeviceNumber> below = List.of();
        if (mapped.contains(number)) {
            DeviceDeps deps = mapper.deps(new DeviceRef.ByNumber(number), TaskOptions.NONE);
            node =
                    new Node(
                            number,
                            deps.device().name(),
                            deps.device().uuid(),
                            Optional.of(deps.device().info()));
            below = deps.numbers();
        } else {
            node = new Node(number, "", "", Optional.empty());
        }
        nodes.put(number, node);
        link(parent, node);
        if (below.isEmpty()) {
            connect(node, root);
            return;
        }
        for (DeviceNumber lower : below) {
            add(node, lower);
        }
    }

    /** At the top stands only what nothing else uses. */
    private void link(Node parent, Node child) {
        if (parent == root) {
            if (!above(child).isEmpty()) {
                return;
            }
        } else {
            root.uses.remove(child);
            child.usedBy.remove(root);
        }
        connect(parent, child);
    }

    private static void connect(Node parent, Node child) {
        if (!parent.uses.contains(child)) {
            parent.uses.add(child);
            child.usedBy.add(parent);
        }
    }

    private List<Node> above(Node node) {
        return node.usedBy.stream().filter(other -> other != root).toList();
    }

    /** What stands under a node; under none: what stands at the top. */
    List<Node> children(Optional<Node> node, boolean inverted) {
        Node at = node.orElse(root);
        List<Node> all = inverted ? at.usedBy : at.uses;
        return all.stream().filter(other -> other != root).toList();
    }
}
