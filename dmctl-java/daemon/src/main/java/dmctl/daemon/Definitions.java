package dmctl.daemon;

import dmctl.config.Address;
import dmctl.config.GroupConfig;
import dmctl.config.SiteSettings;
import dmctl.daemon.io.DiskAccess;
import dmctl.engine.GroupDefinition;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;

/** Says what a group's file says in the engine's terms. */
final class Definitions {
    private Definitions() {}

    static GroupDefinition definition(GroupConfig config, int selfSite) {
        GroupConfig.Tuning tuning = config.tuning();
        return new GroupDefinition(
                config.name(),
                config.uuid(),
                config.blockSize(),
                config.devices().stream()
                        .map(d -> new GroupDefinition.Device(d.nr(), d.name(), d.sizeBytes()))
                        .toList(),
                config.sites().stream().map(site -> site(site, config, selfSite)).toList(),
                selfSite,
                config.primary(),
                new GroupDefinition.Tuning(
                        tuning.memoryBytes(),
                        tuning.batchBytes(),
                        tuning.regionBytes(),
                        tuning.heartbeatMillis(),
                        tuning.linkTimeoutMillis(),
                        tuning.askSitesMillis(),
                        tuning.asyncFlushMillis()));
    }

    static DiskAccess access(GroupConfig config) {
        return same(DiskAccess.class, config.tuning().diskAccess());
    }

    private static GroupDefinition.Site site(
            GroupConfig.Site site, GroupConfig config, int selfSite) {
        boolean takenOver = site.nr() == selfSite && selfSite != config.primary();
        GroupDefinition.Settings settings = settings(site.settings());
        return new GroupDefinition.Site(
                site.nr(),
                site.name(),
                SiteSettings.spelled(site.link()),
                takenOver ? ofItsOwnDevices(settings) : settings);
    }

    /**
     * Of a primary the engine takes the settings to be those of its own devices: with {@code sync}
     * every write would wait for them. A site that takes over was given its settings for being a
     * target of another one.
     */
    private static GroupDefinition.Settings ofItsOwnDevices(GroupDefinition.Settings settings) {
        return new GroupDefinition.Settings(
                GroupDefinition.Policy.ASYNC,
                settings.outOfReach(),
                settings.degradeAfterMillis(),
                GroupDefinition.Mode.WARN,
                GroupDefinition.LimitKind.NONE,
                0,
                settings.resyncBytesPerSecond());
    }

    static GroupDefinition.Settings settings(SiteSettings settings) {
        return new GroupDefinition.Settings(
                same(GroupDefinition.Policy.class, settings.policy()),
                same(GroupDefinition.OutOfReach.class, settings.outOfReach()),
                settings.degradeAfterMillis(),
                same(GroupDefinition.Mode.class, settings.mode()),
                same(GroupDefinition.LimitKind.class, settings.limitKind()),
                settings.limit(),
                settings.resyncBytesPerSecond());
    }

    static SiteSettings settings(GroupDefinition.Settings settings) {
        return new SiteSettings(
                same(SiteSettings.Policy.class, settings.policy()),
                same(SiteSettings.OutOfReach.class, settings.outOfReach()),
                settings.degradeAfterMillis(),
                same(SiteSettings.Mode.class, settings.mode()),
                same(SiteSettings.LimitKind.class, settings.limitKind()),
                settings.limit(),
                settings.resyncBytesPerSecond());
    }

    /** The constant of the same name; both lists are closed and a test compares them. */
    private static <E extends Enum<E>> E same(Class<E> type, Enum<?> constant) {
        return Enum.valueOf(type, constant.name());
    }

    static SocketAddress address(Address address) {
        return switch (address) {
            case Address.Unix unix -> UnixDomainSocketAddress.of(unix.path());
            case Address.Tcp tcp -> new InetSocketAddress(tcp.host(), tcp.port());
        };
    }
}
