package dmctl.cli.dmsetup;

import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceNumber;
import java.util.Optional;

/** How devices are called that are known by their numbers. */
enum DeviceNames {
    /** By number. */
    NUMBERS,
    /** By the kernel's name. */
    KERNEL,
    /** By the name of the mapped device, where it is one. */
    MAPPED;

    /** What {@code -o} says, where it is not about columns or a tree. */
    static DeviceNames of(Arguments arguments) throws Failure {
        DeviceNames names = NUMBERS;
        for (String word : arguments.value(Switch.OPTIONS).orElse("").split(",", -1)) {
            if (word.isEmpty()) {
                continue;
            }
            if ("devno".startsWith(word)) {
                names = NUMBERS;
            } else if ("blkdevname".startsWith(word)) {
                names = KERNEL;
            } else if ("devname".startsWith(word)) {
                names = MAPPED;
            } else {
                throw new Failure("Option not recognised: " + word + ".");
            }
        }
        return names;
    }

    /** The name; empty if it is by number. */
    Optional<String> of(DeviceMapper mapper, DeviceNumber number) {
        return this == NUMBERS ? Optional.empty() : mapper.nameOf(number, this == KERNEL);
    }
}
