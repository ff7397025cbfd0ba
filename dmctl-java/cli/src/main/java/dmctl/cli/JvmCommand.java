package dmctl.cli;

import dmctl.config.GroupConfig;
import dmctl.config.MemoryNeeds;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Command lines of further JVMs: the same Java and the same modules as this one. */
final class JvmCommand {
    private static final long MIB = 1 << 20;

    /** Heap for young objects: next to none are made while data flows. */
    private static final long YOUNG = 16 * MIB;

    private JvmCommand() {}

    /** Runs the daemon of a site, in a session of its own so that Ctrl-C here is not its Ctrl-C. */
    static List<String> detached(GroupConfig config, GroupConfig.Site site, boolean create) {
        List<String> command = new ArrayList<>();
        if (Files.isExecutable(Path.of("/usr/bin/setsid"))) {
            command.add("/usr/bin/setsid");
        }
        command.addAll(daemon(config, site));
        if (create) {
            command.add("--create");
        }
        return command;
    }

    /** Runs the daemon of a site with the memory that its group needs. */
    static List<String> daemon(GroupConfig config, GroupConfig.Site site) {
        List<String> command = new ArrayList<>();
        command.add(java());
        command.addAll(
                List.of(
                        "-XX:+UseSerialGC",
                        "-Xms32m",
                        "-Xmn" + YOUNG / MIB + "m",
                        "-Xmx" + MemoryNeeds.heapBytes(config, logBytes(site)) / MIB + "m",
                        "-XX:MaxDirectMemorySize=" + MemoryNeeds.directBytes(config) / MIB + "m",
                        "-XX:ReservedCodeCacheSize=64m",
                        "-XX:MaxMetaspaceSize=64m",
                        "-XX:+ExitOnOutOfMemoryError",
                        "-Xshare:auto",
                        "--enable-native-access=" + nativeModules()));
        command.addAll(extraOptions(System.getenv("DMCTLD_JAVA_OPTS")));
        command.addAll(mainClass("dmctl.daemon", "dmctl.daemon.Dmctld"));
        command.addAll(List.of("--config", config.file().toString(), "--site", site.name()));
        return command;
    }

    /** The log as it is, or as it will be made. */
    private static long logBytes(GroupConfig.Site site) {
        GroupConfig.LogPlace log = site.daemon().orElseThrow().log();
        try (FileChannel there = FileChannel.open(log.path(), StandardOpenOption.READ)) {
            // A channel knows the size of a block device, too.
            return Math.max(log.newBytes(), there.size() - log.startBytes());
        } catch (IOException e) {
            return log.newBytes(); // not made yet
        }
    }

    private static String nativeModules() {
        return System.getProperty("jdk.module.path") == null
                ? "ALL-UNNAMED"
                : "dmctl.nativebridge,com.sun.jna";
    }

    static List<String> extraOptions(@org.jspecify.annotations.Nullable String options) {
        return options == null || options.isBlank()
                ? List.of()
                : List.of(options.strip().split("\\s+"));
    }

    /** Runs a tool with a little heap. */
    static List<String> tool(String module, String mainClass, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.addAll(
                List.of(java(), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"));
        command.addAll(mainClass(module, mainClass));
        command.addAll(arguments);
        return command;
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** On the module path where this JVM has one, else on its class path. */
    private static List<String> mainClass(String module, String mainClass) {
        String modulePath = System.getProperty("jdk.module.path");
        return modulePath == null
                ? List.of(
                        "-cp",
                        absolute(Objects.requireNonNull(System.getProperty("java.class.path"))),
                        mainClass)
                : List.of("-p", absolute(modulePath), "-m", module + "/" + mainClass);
    }

    private static String absolute(String path) {
        List<String> parts = new ArrayList<>();
        for (String part : List.of(path.split(File.pathSeparator))) {
            parts.add(Path.of(part).toAbsolutePath().toString());
        }
        return String.join(File.pathSeparator, parts);
    }
}
