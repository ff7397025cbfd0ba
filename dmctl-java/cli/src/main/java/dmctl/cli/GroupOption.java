package dmctl.cli;

import dmctl.config.ConfigException;
import dmctl.config.GroupConfig;
import dmctl.config.GroupFile;
import dmctl.config.GroupPlaces;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which group a command is about. */
final class GroupOption {
    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE.yaml",
            description = {
                "The group's file. Without it: $DMCTL_CONFIG, else the only *.yaml file in the"
                        + " current folder, else lab/lab.yaml, else the only one in /etc/dmctl."
            })
    @Nullable Path file;

    GroupOption() {}

    GroupConfig load() throws CommandFailure, ConfigException {
        return GroupFile.read(
                locate(file, System.getenv("DMCTL_CONFIG"), Path.of(""), GroupPlaces.SYSTEM_FILES));
    }

    static Path locate(
            @Nullable Path named, @Nullable String environment, Path folder, Path systemFolder)
            throws CommandFailure {
        if (named != null) {
            return named;
        }
        if (environment != null && !environment.isBlank()) {
            return Path.of(environment);
        }
        List<Path> candidates = yamlFiles(folder);
        if (candidates.size() == 1) {
            return candidates.getFirst();
        }
        Path lab = folder.resolve("lab").resolve("lab.yaml");
        if (candidates.isEmpty() && Files.exists(lab)) {
            return lab;
        }
        List<Path> ofSystem =
                candidates.isEmpty() && Files.isDirectory(systemFolder)
                        ? yamlFiles(systemFolder)
                        : List.of();
        if (ofSystem.size() == 1) {
            return ofSystem.getFirst();
        }
        String remedy = "; name the group's with -f FILE.yaml or set DMCTL_CONFIG";
        throw new CommandFailure(
                ExitCode.USAGE,
                candidates.size() > 1
                        ? "several *.yaml files here" + remedy
                        : ofSystem.isEmpty()
                                ? "no group's file here or in " + systemFolder + remedy
                                : "several groups' files in " + systemFolder + remedy);
    }

    private static List<Path> yamlFiles(Path folder) throws CommandFailure {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(folder.toAbsolutePath(), "*.{yaml,yml}")) {
            for (Path path : files) {
                Path name = path.getFileName();
                if (name != null && !name.toString().startsWith(".")) {
                    found.add(folder.resolve(name));
                }
            }
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.USAGE, "cannot look for *.yaml: " + e.getMessage());
        }
        return found;
    }

    /** Finds a site that was named on the command line. */
    static GroupConfig.Site site(GroupConfig config, String name) throws CommandFailure {
        return config.site(name)
                .orElseThrow(() ->
                        new CommandFailure(
                                ExitCode.USAGE,
                                "no site "
                                        + name
                                        + " in group "
                                        + config.name()
                                        + "; it has "
                                        + String.join(
                                                ", ",
                                                config.sites().stream()
                                                        .map(GroupConfig.Site::name)
                                                        .toList())));
    }

    /** Finds a site that has a daemon. */
    static GroupConfig.Site daemonSite(GroupConfig config, String name) throws CommandFailure {
        GroupConfig.Site site = site(config, name);
        if (site.daemon().isEmpty()) {
            throw new CommandFailure(
                    ExitCode.USAGE,
                    name + " is a blockdev site and has no daemon; name a site with link: tcp");
        }
        return site;
    }
}
