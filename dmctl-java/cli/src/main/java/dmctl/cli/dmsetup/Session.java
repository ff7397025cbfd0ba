package dmctl.cli.dmsetup;

import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceNumber;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.TaskFlag;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a verb works with.
 *
 * @param mapper whose devices they are
 * @param arguments of the command line
 * @param in where a table comes from that is not on the command line
 * @param out where the answer goes
 * @param err where complaints go that do not end the command
 * @param surroundings where this runs
 */
record Session(
        DeviceMapper mapper,
        Arguments arguments,
        InputStream in,
        PrintWriter out,
        PrintWriter err,
        Surroundings surroundings) {
    private static final Map<Switch, TaskFlag> FLAGS = new EnumMap<>(Switch.class);

    static {
        FLAGS.put(Switch.READONLY, TaskFlag.READ_ONLY);
        FLAGS.put(Switch.NOOPENCOUNT, TaskFlag.NO_OPEN_COUNT);
        FLAGS.put(Switch.NOFLUSH, TaskFlag.NO_FLUSH);
        FLAGS.put(Switch.NOLOCKFS, TaskFlag.NO_LOCK_FS);
        FLAGS.put(Switch.INACTIVE, TaskFlag.INACTIVE);
        FLAGS.put(Switch.CHECKS, TaskFlag.CHECKS);
        FLAGS.put(Switch.RETRY, TaskFlag.RETRY);
        FLAGS.put(Switch.DEFERRED, TaskFlag.DEFERRED);
        FLAGS.put(Switch.NOUDEVRULES, TaskFlag.NO_UDEV_RULES);
        FLAGS.put(Switch.NOUDEVSYNC, TaskFlag.NO_UDEV_SYNC);
        FLAGS.put(Switch.VERIFYUDEV, TaskFlag.VERIFY_UDEV);
        FLAGS.put(Switch.ADDNODEONRESUME, TaskFlag.ADD_NODE_ON_RESUME);
        FLAGS.put(Switch.ADDNODEONCREATE, TaskFlag.ADD_NODE_ON_CREATE);
        FLAGS.put(Switch.VERBOSE, TaskFlag.READ_AHEAD);
    }

    boolean has(Switch option) {
        return arguments.has(option);
    }

    /** Those of the options that the task takes. */
    TaskOptions options(TaskFlag... taken) throws Failure {
        Set<TaskFlag> wanted = EnumSet.noneOf(TaskFlag.class);
        wanted.addAll(List.of(taken));
        EnumSet<TaskFlag> flags = EnumSet.noneOf(TaskFlag.class);
        for (Map.Entry<Switch, TaskFlag> entry : FLAGS.entrySet()) {
            if (has(entry.getKey()) && wanted.contains(entry.getValue())) {
                flags.add(entry.getValue());
            }
        }
        return new TaskOptions(flags, Optional.empty(), cookie());
    }

    private int cookie() throws Failure {
        Optional<String> text = arguments.value(Switch.UDEVCOOKIE).or(surroundings::udevCookie);
        if (text.isEmpty()) {
            return 0;
        }
        try {
            return Long.decode(text.get()).intValue();
        } catch (NumberFormatException e) {
            throw new Failure("Incorrect cookie value");
        }
    }

    Optional<TaskOptions.ReadAhead> readAhead() throws Failure {
        Optional<String> text = arguments.value(Switch.READAHEAD).map(String::strip);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                switch (text.get()) {
                    case "auto" -> new TaskOptions.ReadAhead(-1, false);
                    case "none" -> new TaskOptions.ReadAhead(0, false);
                    default -> {
                        try {
                            yield new TaskOptions.ReadAhead(
                                    Integer.parseUnsignedInt(text.get()),
                                    text.get().startsWith("+"));
                        } catch (NumberFormatException e) {
                            throw new Failure("Invalid argument for --readahead: " + text.get());
                        }
                    }
                });
    }

    /** The device that options name instead of a word. */
    Optional<DeviceRef> byOption() throws Failure {
        if (has(Switch.UUID)) {
            return arguments.value(Switch.UUID).map(DeviceRef.Uuid::new);
        }
        if (has(Switch.MAJOR)) {
            return Optional.of(new DeviceRef.ByNumber(number().orElseThrow()));
        }
        return Optional.empty();
    }

    Optional<DeviceNumber> number() throws Failure {
        return has(Switch.MAJOR)
                ? Optional.of(
                        new DeviceNumber(
                                arguments.number(Switch.MAJOR, 10).orElseThrow(),
                                arguments.number(Switch.MINOR, 10).orElseThrow()))
                : Optional.empty();
    }

    DeviceRef device(Optional<String> name) throws Failure {
        if (name.isPresent()) {
            return DeviceRef.named(name.get());
        }
        return byOption().orElseThrow(() -> new Failure("No device specified."));
    }

    /** A table: from the option, the file that is named, or standard input. */
    List<dmctl.nativebridge.devmapper.TableLine> table(Optional<String> file) throws Failure {
        Optional<String> text = arguments.value(Switch.TABLE);
        if (text.isPresent()) {
            return TableText.lines(text.get(), "");
        }
        try {
            return file.isPresent()
                    ? TableText.lines(Files.readString(Path.of(file.get())), file.get())
                    : TableText.lines(
                            new String(in.readAllBytes(), StandardCharsets.UTF_8), "on stdin");
        } catch (IOException | InvalidPathException e) {
            throw new Failure("Couldn't open '" + file.orElse("stdin") + "' for reading.");
        }
    }
}
