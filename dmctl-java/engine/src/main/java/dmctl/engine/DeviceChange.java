package dmctl.engine;

import dmctl.engine.GroupDefinition.Device;
import dmctl.engine.GroupStatus.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the devices of a group differ from those that its log was last opened with. Copies of a new
 * or grown device hold who knows what: no site counts as synced then before it is copied anew.
 *
 * @param grown devices that are new or larger, as text
 * @param gone devices that are missing or smaller, as text
 */
record DeviceChange(List<String> grown, List<String> gone) {
    private static final Pattern DEVICE = Pattern.compile("device (\\d{1,9}) (\\d{1,18})");

    /**
     * Compares.
     *
     * @param before what {@link GroupDefinition#text} was; logs of older releases have the name
     *     only
     * @param now the group as it is
     */
    static DeviceChange between(String before, GroupDefinition now) {
        List<Device> known =
                before.lines()
                        .map(DEVICE::matcher)
                        .filter(Matcher::matches)
                        .map(line ->
                                new Device(
                                        Integer.parseInt(line.group(1)),
                                        "",
                                        Long.parseLong(line.group(2))))
                        .toList();
        List<String> grown = new ArrayList<>();
        List<String> gone = new ArrayList<>();
        if (!known.isEmpty()) {
            for (Device device : now.devices()) {
                if (size(known, device.devNr()) < device.sizeBytes()) {
                    grown.add("device " + device.name());
                }
            }
            for (Device device : known) {
                if (size(now.devices(), device.devNr()) < device.sizeBytes()) {
                    gone.add("device " + device.devNr() + " of " + device.sizeBytes() + " bytes");
                }
            }
        }
        return new DeviceChange(grown, gone);
    }

    private static long size(List<Device> devices, int devNr) {
        return devices.stream()
                .filter(device -> device.devNr() == devNr)
                .mapToLong(Device::sizeBytes)
                .findFirst()
                .orElse(-1);
    }

    /** Why the log cannot be opened with these devices; empty if it can. */
    String refusal(String group, boolean clean) {
        if (!gone.isEmpty()) {
            return String.format(
                    Locale.ROOT,
                    "the log of group %s has %s, which the group's file has not: write it there"
                            + " again, as large as it was",
                    group,
                    String.join(", ", gone));
        }
        // Other sites may hold newer records, and do not talk to one with other devices.
        return grown.isEmpty() || clean
                ? ""
                : String.format(
                        Locale.ROOT,
                        "%s: new or larger, but the log of group %s was not closed cleanly: start"
                                + " the group as it was and stop it, then change it",
                        String.join(", ", grown),
                        group);
    }

    /** No copy counts as one any more. */
    void apply(Replica replica) {
        if (grown.isEmpty()) {
            return;
        }
        Standing standing = replica.standing();
        if (standing.role == Role.PRIMARY) {
            replica.sites().copyAnew();
        } else {
            standing.phase = Standing.Phase.NEVER_SYNCED;
        }
        replica.event(
                String.join(", ", grown)
                        + ": new or larger; every site is copied anew before it is consistent");
    }
}
