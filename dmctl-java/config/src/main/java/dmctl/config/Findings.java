package dmctl.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** Gathers what is wrong in one file, so that all of it is said at once. */
final class Findings {
    private final String file;
    private final List<ConfigError> errors = new ArrayList<>();

    Findings(String file) {
        this.file = file;
    }

    void add(Node at, String word, String cause, String remedy) {
        errors.add(
                new ConfigError(
                        file,
                        at.getStartMark().getLine() + 1,
                        at.getStartMark().getColumn() + 1,
                        word,
                        cause,
                        remedy));
    }

    void add(Node at, String cause, String remedy) {
        add(
                at,
                at instanceof ScalarNode scalar ? scalar.getValue() : at.getNodeId().name(),
                cause,
                remedy);
    }

    boolean isEmpty() {
        return errors.isEmpty();
    }

    void throwIfAny() throws ConfigException {
        if (!errors.isEmpty()) {
            throw new ConfigException(
                    errors.stream()
                            .sorted(
                                    Comparator.comparingInt(ConfigError::line)
                                            .thenComparingInt(ConfigError::column))
                            .distinct()
                            .toList());
        }
    }
}
