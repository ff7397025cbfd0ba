package dmctl.config;

import java.util.Optional;

/**
 * The name that a device of a group has under /dev/mapper on the machine of a site.
 *
 * @param devNr number of the device in the group
 * @param name under /dev/mapper
 * @param uuid its unique identifier at device-mapper, where it is not the one made from the group,
 *     the site and the device
 * @param inserted whether that name is there without the group, and has the group put under it
 */
public record MapperName(int devNr, String name, Optional<String> uuid, boolean inserted) {
    /** What the device is called that a name led to before the group was put under it. */
    public static final String ORIGIN = "-origin";

    private static final String WORD = "[A-Za-z0-9#+.:=@_-]";

    /**
     * Describes a name that is made for the group.
     *
     * @param devNr number of the device in the group
     * @param name under /dev/mapper
     * @param uuid its unique identifier at device-mapper, where it is said
     */
    public MapperName(int devNr, String name, Optional<String> uuid) {
        this(devNr, name, uuid, false);
    }

    /**
     * Tells whether device-mapper takes a name as it is.
     *
     * @param text the name
     * @return true if so
     */
    public static boolean isName(String text) {
        return text.matches(WORD + "{1,127}")
                && !text.equals(".")
                && !text.equals("..")
                && !text.equals("control");
    }

    /**
     * Tells whether device-mapper takes a unique identifier as it is.
     *
     * @param text the identifier
     * @return true if so
     */
    public static boolean isUuid(String text) {
        return text.matches(WORD + "{1,128}");
    }
}
