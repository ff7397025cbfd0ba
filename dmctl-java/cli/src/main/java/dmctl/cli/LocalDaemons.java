package dmctl.cli;

import com.grack.nanojson.JsonObject;
import dmctl.cli.replicator.Daemons;
import dmctl.cli.replicator.Refusal;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Daemons as processes of this machine. */
final class LocalDaemons implements Daemons {
    private static final Duration START = Duration.ofMinutes(5);
    private static final Duration STOP = Duration.ofMinutes(3);

    @Override
    public Optional<JsonObject> status(Site site) {
        try {
            return Optional.of(GroupView.ask(GroupView.socket(site)).json());
        } catch (AdminClient.Unreachable e) {
            return Optional.empty();
        }
    }

    @Override
    public void start(GroupConfig config, Site site) throws Refusal {
        try {
            DaemonProcess.start(config, site, false).awaitAnswer(START);
        } catch (CommandFailure e) {
            throw new Refusal(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void stop(Site site, boolean keepDevices) throws Refusal {
        JsonObject request = AdminClient.request("shutdown");
        request.put("keepDevices", keepDevices);
        Optional<Long> pid = pid(site);
        try {
            AdminClient.order(GroupView.socket(site), request, STOP);
        } catch (CommandFailure e) {
            throw new Refusal(String.valueOf(e.getMessage()));
        }
        awaitEnd(site, pid);
    }

    @Override
    public void resizeLog(Site site, long bytes) throws Refusal {
        JsonObject request = AdminClient.request("resize-log");
        request.put("bytes", bytes);
        Optional<Long> pid = pid(site);
        JsonObject answer;
        try {
            answer = AdminClient.ask(GroupView.socket(site), request, STOP);
        } catch (AdminClient.Unreachable e) {
            throw new Refusal(e.text());
        }
        if (answer.getBoolean("ended", false)) {
            awaitEnd(site, pid);
        }
        if (!answer.getBoolean("ok", false)) {
            throw new Refusal(answer.getString("text", ""));
        }
    }

    private Optional<Long> pid(Site site) {
        return status(site).map(status -> status.getLong("pid", 0));
    }

    private static void awaitEnd(Site site, Optional<Long> pid) throws Refusal {
        Optional<ProcessHandle> process = pid.flatMap(ProcessHandle::of);
        if (process.isEmpty()) {
            return;
        }
        try {
            process.get().onExit().get(STOP.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new Refusal("the process of site " + site.name() + " has not ended");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Refusal("interrupted");
        }
    }

    @Override
    public void order(Site site, JsonObject request) throws Refusal {
        try {
            AdminClient.order(GroupView.socket(site), request, AdminClient.SOON);
        } catch (CommandFailure e) {
            throw new Refusal(String.valueOf(e.getMessage()));
        }
    }
}
