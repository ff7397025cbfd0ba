package dmctl.cli.replicator;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import dmctl.cli.dmsetup.MemoryMapper;
import dmctl.cli.dmsetup.MemoryMapper.Mapped;
import dmctl.config.ConfigException;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import dmctl.config.GroupFile;
import dmctl.config.MapperName;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.NewDevice;
import dmctl.nativebridge.devmapper.TableLine;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** The daemon of one group, as far as its mapped devices and its answers go. */
final class FakeDaemons implements Daemons {
    private final MemoryMapper kernel;

    /** Of the running daemon, as it read its file at its start. */
    @Nullable GroupConfig running;

    final List<String> calls = new ArrayList<>();
    final JsonObject says = new JsonObject();
    String failsToStart = "";
    String keepsLog = "";
    boolean stopsForNothing;
    String frontEndProblem = "";
    boolean problemEndsWithRestart;
    String role = "primary";

    FakeDaemons(MemoryMapper kernel) {
        this.kernel = kernel;
    }

    private static List<MapperName> names(GroupConfig config) {
        return Serving.local(config).daemon().orElseThrow().mapper();
    }

    private static String uuid(MapperName name) {
        return name.uuid().orElse("DMCTL-0-" + name.devNr());
    }

    @Override
    public void start(GroupConfig config, Site site) throws Refusal {
        calls.add("start " + config.devices().size() + " " + names(config).size());
        if (!failsToStart.isEmpty()) {
            throw new Refusal(failsToStart);
        }
        try {
            GroupConfig read = GroupFile.read(config.file());
            running = read;
            if (problemEndsWithRestart) {
                frontEndProblem = "";
            }
            if (frontEndProblem.isEmpty() && role.equals("primary")) {
                show(read);
            }
        } catch (ConfigException | IOException e) {
            throw new Refusal(e.toString());
        }
    }

    private void show(GroupConfig config) throws IOException {
        for (Mapped device : List.copyOf(kernel.devices.values())) {
            if (isDaemons(device)
                    && names(config).stream().noneMatch(n -> uuid(n).equals(device.uuid))) {
                kernel.devices.remove(device.name);
            }
        }
        for (MapperName name : names(config)) {
            Optional<Mapped> there =
                    kernel.devices.values().stream()
                            .filter(device -> device.uuid.equals(uuid(name)))
                            .findFirst();
            if (there.isEmpty()) {
                kernel.create(
                        new NewDevice(
                                name.name(),
                                Optional.of(uuid(name)),
                                Optional.empty(),
                                OptionalInt.empty(),
                                OptionalInt.empty(),
                                OptionalInt.empty(),
                                Optional.of(List.of(new TableLine(0, 4096, "linear", "259:0 0")))),
                        TaskOptions.NONE);
            } else if (!there.get().name.equals(name.name())) {
                kernel.rename(DeviceRef.named(there.get().name), name.name(), TaskOptions.NONE);
            }
        }
    }

    private static boolean isDaemons(Mapped device) {
        return device.live != null && device.live.getFirst().target().equals("linear");
    }

    /** It is killed: what it has made stays. */
    void kill() {
        running = null;
    }

    @Override
    public Optional<JsonObject> status(Site site) {
        GroupConfig config = running;
        if (config == null) {
            return Optional.empty();
        }
        JsonObject status = new JsonObject(says);
        status.put("role", role);
        status.put("serving", role.equals("primary"));
        status.put("notServingReason", "site near is primary");
        JsonArray devices = new JsonArray();
        JsonArray problems = new JsonArray();
        for (MapperName name : names(config)) {
            JsonObject mapper = new JsonObject();
            mapper.put("name", name.name());
            JsonObject device = new JsonObject();
            device.put("mapper", mapper);
            device.put("state", kernel.devices.containsKey(name.name()) ? "live" : "absent");
            devices.add(device);
        }
        JsonObject frontEnd = new JsonObject();
        frontEnd.put("devices", devices);
        status.put("frontEnd", frontEnd);
        if (!frontEndProblem.isEmpty()) {
            JsonObject problem = new JsonObject();
            problem.put("what", "front-end");
            problem.put("reason", frontEndProblem);
            problem.put("nextStep", "mend that");
            problems.add(problem);
        }
        status.put("problems", problems);
        return Optional.of(status);
    }

    @Override
    public void stop(Site site, boolean keepDevices) throws Refusal {
        calls.add(keepDevices ? "stop, keep" : "stop");
        List<Mapped> own = kernel.devices.values().stream().filter(FakeDaemons::isDaemons).toList();
        if (!keepDevices && own.stream().anyMatch(device -> device.opens > 0)) {
            throw new Refusal("in use on this machine");
        }
        own.stream()
                .filter(device -> device.opens == 0)
                .forEach(device -> kernel.devices.remove(device.name));
        running = null;
    }

    @Override
    public void resizeLog(Site site, long bytes) throws Refusal {
        calls.add("resize " + bytes);
        if (!keepsLog.isEmpty()) {
            if (stopsForNothing) {
                stop(site, true);
            }
            throw new Refusal(keepsLog);
        }
        stop(site, true);
    }

    @Override
    public void order(Site site, JsonObject request) throws Refusal {
        if (request.has("part")) {
            calls.add(request.getString("op") + " " + request.getString("part"));
            return;
        }
        calls.add(
                request.getString("op")
                        + " "
                        + request.getString("site")
                        + " "
                        + request.getString("key")
                        + " "
                        + request.getString("value"));
    }
}
