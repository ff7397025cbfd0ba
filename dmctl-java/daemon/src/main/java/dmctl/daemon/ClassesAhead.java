package dmctl.daemon;

import java.io.IOException;
import java.lang.module.ModuleReader;
import java.lang.module.ResolvedModule;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the classes that run a group before it starts. Whoever replaces the jars of a running
 * daemon, to upgrade it, must not find that a class it needs to stop cleanly is gone.
 */
final class ClassesAhead {
    private static final Logger LOG = LoggerFactory.getLogger(ClassesAhead.class);

    /** Of the libraries, what reports a failure and answers an order. */
    private static final List<String> PREFIXES =
            List.of(
                    "dmctl/",
                    "com/grack/",
                    "ch/qos/logback/classic/spi/",
                    "ch/qos/logback/classic/pattern/",
                    "ch/qos/logback/core/pattern/");

    private ClassesAhead() {}

    /** Loads them all; on a class path nothing is known of, and nothing is done. */
    static void load() {
        for (ResolvedModule module : ModuleLayer.boot().configuration().modules()) {
            boolean fromFile =
                    module.reference()
                            .location()
                            .filter(place -> "file".equals(place.getScheme()))
                            .isPresent();
            if (fromFile) {
                load(module);
            }
        }
    }

    private static void load(ResolvedModule module) {
        ClassLoader loader = ClassesAhead.class.getClassLoader();
        try (ModuleReader reader = module.reference().open()) {
            List<String> names =
                    reader.list()
                            .filter(name -> name.endsWith(".class"))
                            .filter(name -> PREFIXES.stream().anyMatch(name::startsWith))
                            .map(name -> name.substring(0, name.length() - 6).replace('/', '.'))
                            .toList();
            for (String name : names) {
                load(name, loader);
            }
        } catch (IOException e) {
            LOG.warn("module {} cannot be read ahead: {}", module.name(), e.getMessage());
        }
    }

    private static void load(String name, ClassLoader loader) {
        try {
            Class.forName(name, false, loader);
        } catch (ClassNotFoundException | LinkageError e) {
            LOG.debug("{} is not used here: {}", name, e.getMessage());
        }
    }
}
