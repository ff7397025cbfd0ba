package dmctl.config;

import java.util.Optional;

/**
 * The name that a device of a group has under /dev/mapper on the machine of a site.
 *
 * @param devNr number of the device in the group
 * @param name under /dev/mapper
 * @param uuid its unique identifier at device-mapper, where it is not the one made from the group,
 *     the site and the device
 */
public record MapperName(int devNr, String name, Optional<String> uuid) {
    private static final String WORD = "[A-Za-z0-9#+.:=@_-]";

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
