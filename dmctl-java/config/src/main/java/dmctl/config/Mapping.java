package dmctl.config;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * One mapping of the file. Whatever is wrong goes to the findings and reading goes on with a
 * stand-in, so that one run names every error; keys that nobody asked for are refused at the end.
 */
final class Mapping {
    private final Node node;
    private final String what;
    private final Findings findings;
    private final Map<String, Node> values = new LinkedHashMap<>();
    private final Map<String, Node> keys = new LinkedHashMap<>();
    private final Set<String> known = new LinkedHashSet<>();

    /**
     * Takes a mapping apart.
     *
     * @param node what should be one
     * @param what it describes, for messages
     */
    Mapping(Node node, String what, Findings findings) {
        this.node = node;
        this.what = what;
        this.findings = findings;
        if (!(node instanceof MappingNode mapping)) {
            findings.add(node, "not a mapping", "write " + what + " as KEY: VALUE lines");
            return;
        }
        for (NodeTuple tuple : mapping.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                findings.add(tuple.getKeyNode(), "not a key", "write a plain word");
            } else if (keys.containsKey(key.getValue())) {
                findings.add(key, "stands twice in " + what, "remove one of the two");
            } else {
                keys.put(key.getValue(), key);
                values.put(key.getValue(), tuple.getValueNode());
            }
        }
    }

    Node node() {
        return node;
    }

    boolean has(String key) {
        return values.containsKey(key);
    }

    /** Names of all keys, for mappings whose keys are names. */
    Map<String, Node> keys() {
        return keys;
    }

    @Nullable Node take(String key) {
        known.add(key);
        return values.get(key);
    }

    /** Takes a key that must be there; its absence is reported where the mapping begins. */
    @Nullable Node need(String key, String remedy) {
        Node value = take(key);
        if (value == null && node instanceof MappingNode) {
            findings.add(node, key, "missing in " + what, remedy);
        }
        return value;
    }

    <T> T value(String key, T standIn, WordParser<T> parser) {
        Node value = take(key);
        return value == null ? standIn : parse(value, key, standIn, parser);
    }

    <T> T needValue(String key, String remedy, T standIn, WordParser<T> parser) {
        Node value = need(key, remedy);
        return value == null ? standIn : parse(value, key, standIn, parser);
    }

    <T> T parse(Node value, String key, T standIn, WordParser<T> parser) {
        if (!(value instanceof ScalarNode scalar)) {
            findings.add(value, key, "not one word", "write " + key + ": VALUE");
            return standIn;
        }
        try {
            return parser.parse(scalar.getValue());
        } catch (WordException e) {
            findings.add(value, key + " " + scalar.getValue(), e.cause(), e.remedy());
            return standIn;
        }
    }

    /** Takes a list; one word stands for a list of one. */
    List<Node> list(String key) {
        Node value = take(key);
        return switch (value) {
            case null -> List.of();
            case SequenceNode sequence -> sequence.getValue();
            default -> List.of(value);
        };
    }

    /** Refuses every key that was not asked for. */
    void refuseTheRest() {
        for (Map.Entry<String, Node> entry : keys.entrySet()) {
            if (!known.contains(entry.getKey())) {
                findings.add(entry.getValue(), "no such key in " + what, remedyFor(entry.getKey()));
            }
        }
    }

    private String remedyFor(String key) {
        String best = null;
        int bestDistance = 3;
        for (String candidate : known) {
            int distance = distance(key, candidate);
            if (distance < bestDistance) {
                bestDistance = distance;
                best = candidate;
            }
        }
        return best != null
                ? "did you mean \"" + best + "\"?"
                : "known here are " + String.join(", ", known);
    }

    /** Edits between two words (Levenshtein). */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
