package dmctl.cli;

import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The site that a command is for, where that is the primary unless another is named. */
final class PrimaryOption {
    @Option(names = "--site", paramLabel = "SITE", description = "The site (the primary).")
    @Nullable String name;

    PrimaryOption() {}

    Site of(GroupConfig config) throws CommandFailure {
        return name == null
                ? config.site(config.primary()).orElseThrow()
                : GroupOption.daemonSite(config, name);
    }
}
