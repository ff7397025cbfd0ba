package dmctl.daemon.mapper;

import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import dmctl.config.MapperName;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/**
 * A name that a device of a group is to have under /dev/mapper.
 *
 * @param devNr number of the device in the group
 * @param device its name in the group
 * @param name under /dev/mapper
 * @param uuid its unique identifier at device-mapper
 * @param sectors its length, in sectors of 512 bytes
 * @param inserted whether the name is there without the group, which is put under it; its UUID is
 *     not known before
 */
public record Wanted(
        int devNr, String device, String name, String uuid, long sectors, boolean inserted) {
    /** By this it is known who made a device. */
    public static final String UUID_PREFIX = "DMCTL-";

    private static final int SECTOR_BYTES = 512;

    /**
     * Returns what the file of a group asks for at a site.
     *
     * @param config the group
     * @param self the site, which has a daemon
     * @return in order of the devices' numbers
     */
    public static List<Wanted> of(GroupConfig config, Site self) {
        return self.daemon().orElseThrow().mapper().stream()
                .map(mapped -> of(config, self, mapped))
                .toList();
    }

    private static Wanted of(GroupConfig config, Site self, MapperName mapped) {
        GroupConfig.Device device =
                config.devices().stream()
                        .filter(member -> member.nr() == mapped.devNr())
                        .findFirst()
                        .orElseThrow();
        return new Wanted(
                device.nr(),
                device.name(),
                mapped.name(),
                mapped.inserted()
                        ? ""
                        : mapped.uuid()
                                .orElseGet(() -> uuid(config.uuid(), self.nr(), device.nr())),
                device.sizeBytes() / SECTOR_BYTES,
                mapped.inserted());
    }

    /** The same for the same device of the same site, whenever it is asked for. */
    private static String uuid(UUID group, int siteNr, int devNr) {
        return String.format(
                Locale.ROOT,
                "%s%016x%016x-%d-%d",
                UUID_PREFIX,
                group.getMostSignificantBits(),
                group.getLeastSignificantBits(),
                siteNr,
                devNr);
    }

    /**
     * Tells whether names can lead to the devices of a front end.
     *
     * @param kind which
     * @return true if it has devices of the kernel of its own
     */
    public static boolean mayLeadTo(GroupConfig.FrontEnd kind) {
        return kind == GroupConfig.FrontEnd.UBLK || kind == GroupConfig.FrontEnd.KERNEL_NBD;
    }

    /** What it led to before the group was put under it. */
    String origin() {
        return name + MapperName.ORIGIN;
    }

    String path() {
        return "/dev/mapper/" + name;
    }
}
