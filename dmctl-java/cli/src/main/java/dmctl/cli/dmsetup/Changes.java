package dmctl.cli.dmsetup;

import dmctl.nativebridge.devmapper.DeviceMapperException;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.DeviceState;
import dmctl.nativebridge.devmapper.NewDevice;
import dmctl.nativebridge.devmapper.TableLine;
import dmctl.nativebridge.devmapper.TaskFlag;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The verbs that change mapped devices. */
final class Changes {
    private static final TaskFlag[] SIMPLE = {
        TaskFlag.NO_FLUSH,
        TaskFlag.NO_OPEN_COUNT,
        TaskFlag.INACTIVE,
        TaskFlag.NO_LOCK_FS,
        TaskFlag.CHECKS,
        TaskFlag.ADD_NODE_ON_RESUME,
        TaskFlag.ADD_NODE_ON_CREATE,
        TaskFlag.NO_UDEV_RULES,
        TaskFlag.NO_UDEV_SYNC,
        TaskFlag.VERIFY_UDEV,
        TaskFlag.READ_AHEAD
    };

    private Changes() {}

    static void create(Session session, List<String> words) throws Failure, DeviceMapperException {
        if (session.has(Switch.CONCISE)) {
            throw new Failure("create --concise is not offered; use dmsetup itself");
        }
        if (words.isEmpty()) {
            throw new Failure("Please provide a name for the new device.");
        }
        Optional<String> file = words.size() == 2 ? Optional.of(words.get(1)) : Optional.empty();
        Arguments arguments = session.arguments();
        NewDevice device =
                new NewDevice(
                        words.getFirst(),
                        arguments.value(Switch.UUID),
                        session.number(),
                        arguments.number(Switch.UID, 10),
                        arguments.number(Switch.GID, 10),
                        arguments.number(Switch.MODE, 8),
                        session.has(Switch.NOTABLE)
                                ? Optional.empty()
                                : Optional.of(session.table(file)));
        TaskOptions options =
                session.options(
                        TaskFlag.READ_ONLY,
                        TaskFlag.NO_OPEN_COUNT,
                        TaskFlag.INACTIVE,
                        TaskFlag.CHECKS,
                        TaskFlag.ADD_NODE_ON_RESUME,
                        TaskFlag.ADD_NODE_ON_CREATE,
                        TaskFlag.NO_UDEV_RULES,
                        TaskFlag.NO_UDEV_SYNC,
                        TaskFlag.VERIFY_UDEV,
                        TaskFlag.READ_AHEAD);
        told(session, session.mapper().create(device, ahead(session, options)));
    }

    private static TaskOptions ahead(Session session, TaskOptions options) throws Failure {
        return new TaskOptions(options.flags(), session.readAhead(), options.udevCookie());
    }

    /** With -v the device is described as info does. */
    private static void told(Session session, DeviceState state) throws Failure {
        if (session.has(Switch.VERBOSE)) {
            Views.describe(session, state);
        }
    }

    static void load(Session session, List<String> words) throws Failure, DeviceMapperException {
        if (session.has(Switch.NOTABLE)) {
            throw new Failure("--notable only available when creating new device.");
        }
        List<String> left = new ArrayList<>(words);
        Optional<String> name = Optional.empty();
        if (session.byOption().isEmpty()) {
            if (left.isEmpty()) {
                throw new Failure("Please specify device.");
            }
            name = Optional.of(left.removeFirst());
        } else if (left.size() > 1) {
            throw new Failure("Too many command line arguments.");
        }
        Optional<String> file = left.size() == 1 ? Optional.of(left.getFirst()) : Optional.empty();
        DeviceRef device = session.device(name);
        told(
                session,
                session.mapper()
                        .reload(
                                device,
                                session.table(file),
                                session.options(
                                        TaskFlag.READ_ONLY,
                                        TaskFlag.NO_OPEN_COUNT,
                                        TaskFlag.INACTIVE,
                                        TaskFlag.CHECKS,
                                        TaskFlag.READ_AHEAD)));
    }

    private static TaskOptions simple(Session session) throws Failure {
        return ahead(session, session.options(SIMPLE));
    }

    static void suspend(Session session, Optional<String> name)
            throws Failure, DeviceMapperException {
        told(session, session.mapper().suspend(session.device(name), simple(session)));
    }

    static void resume(Session session, Optional<String> name)
            throws Failure, DeviceMapperException {
        told(session, session.mapper().resume(session.device(name), simple(session)));
    }

    static void clear(Session session, Optional<String> name)
            throws Failure, DeviceMapperException {
        told(session, session.mapper().clear(session.device(name), simple(session)));
    }

    static void remove(Session session, Optional<String> name)
            throws Failure, DeviceMapperException {
        DeviceRef device = session.device(name);
        if (session.has(Switch.FORCE) && name.isPresent()) {
            replaceByErrors(session, device);
        }
        TaskOptions options = simple(session);
        if (session.has(Switch.RETRY)) {
            options = options.with(TaskFlag.RETRY);
        }
        if (session.has(Switch.DEFERRED)) {
            options = options.with(TaskFlag.DEFERRED);
        }
        session.mapper().remove(device, options);
    }

    /** What holds the device then gets errors and may let it go; what fails is in the log. */
    private static void replaceByErrors(Session session, DeviceRef device) throws Failure {
        try {
            wipe(session, device);
        } catch (DeviceMapperException e) {
            if (!e.told()) {
                throw new Failure(String.valueOf(e.getMessage()));
            }
        }
    }

    static void wipeTable(Session session, Optional<String> name)
            throws Failure, DeviceMapperException {
        if (name.isEmpty()) {
            throw new Failure("No device specified.");
        }
        wipe(session, DeviceRef.named(name.get()));
    }

    private static void wipe(Session session, DeviceRef device)
            throws Failure, DeviceMapperException {
        TaskOptions options =
                session.options(TaskFlag.NO_OPEN_COUNT, TaskFlag.INACTIVE, TaskFlag.CHECKS);
        long sectors = 0;
        for (TableLine line : session.mapper().table(device, options).lines()) {
            sectors += line.length();
        }
        TaskOptions reload =
                session.has(Switch.READONLY) ? options.with(TaskFlag.READ_ONLY) : options;
        session.mapper().reload(device, List.of(new TableLine(0, sectors, "error", "")), reload);
        TaskOptions resume = simple(session);
        if (session.has(Switch.FORCE)) {
            // What cannot be written any more is not waited for.
            resume = resume.with(TaskFlag.NO_LOCK_FS, TaskFlag.NO_FLUSH);
        }
        try {
            session.mapper().resume(device, resume);
        } catch (DeviceMapperException e) {
            session.mapper().clear(device, simple(session));
            throw e;
        }
    }

    static void rename(Session session, List<String> words) throws Failure, DeviceMapperException {
        DeviceRef device =
                session.device(
                        words.size() == 2 ? Optional.of(words.getFirst()) : Optional.empty());
        TaskOptions options =
                session.options(
                        TaskFlag.NO_OPEN_COUNT,
                        TaskFlag.INACTIVE,
                        TaskFlag.CHECKS,
                        TaskFlag.NO_UDEV_RULES,
                        TaskFlag.NO_UDEV_SYNC,
                        TaskFlag.VERIFY_UDEV);
        if (session.has(Switch.SETUUID)) {
            session.mapper().setUuid(device, words.getLast(), options);
        } else {
            session.mapper().rename(device, words.getLast(), options);
        }
    }

    static void message(Session session, List<String> words) throws Failure, DeviceMapperException {
        List<String> left = new ArrayList<>(words);
        Optional<String> name =
                session.byOption().isPresent() ? Optional.empty() : Optional.of(left.removeFirst());
        DeviceRef device = session.device(name);
        long sector;
        try {
            sector = Long.parseUnsignedLong(left.removeFirst().strip());
        } catch (NumberFormatException e) {
            throw new Failure("Invalid sector.");
        }
        if (left.isEmpty()) {
            throw new Failure("No message supplied.");
        }
        Optional<String> response =
                session.mapper()
                        .message(
                                device,
                                sector,
                                String.join(" ", left),
                                session.options(
                                        TaskFlag.NO_OPEN_COUNT,
                                        TaskFlag.INACTIVE,
                                        TaskFlag.CHECKS));
        response.ifPresent(text -> {
            session.out().print(text);
            if (!text.isEmpty() && !text.endsWith("\n")) {
                session.out().print('\n');
            }
        });
    }

    static void makeNodes(Session session, Optional<String> name) throws DeviceMapperException {
        session.mapper().makeNodes(name);
    }
}
