package dmctl.daemon;

import dmctl.config.SiteSettings;
import dmctl.daemon.io.GroupLoop;
import dmctl.engine.GroupStatus;
import dmctl.engine.GroupStatus.Role;
import dmctl.nativebridge.NotifySocket;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a service manager is told: that the site has its part, what it does, that it stops, and that
 * the group's loop is alive. The loop itself says the last: one that hangs falls silent, and is
 * ended and started again.
 */
final class ServiceNotices {
    /** Takes one message, without waiting. */
    interface Sender {
        void send(String message) throws IOException;
    }

    private static final Logger LOG = LoggerFactory.getLogger(ServiceNotices.class);

    private static final long UNTIL_READY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** Longest until a changed status is told. */
    private static final long STATUS_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** How long a start may go on without a sign of life. */
    private static final String MORE_TIME = "EXTEND_TIMEOUT_USEC=30000000";

    /** Tells nobody. */
    static final ServiceNotices NONE = new ServiceNotices(null, Long.MAX_VALUE);

    private final @Nullable Sender sender;
    private final long watchdogNanos;
    private boolean ready;
    private boolean deaf;
    private String said = "";

    /**
     * Describes who is told.
     *
     * @param sender takes messages; null for nobody
     * @param watchdogNanos silence after which the process is ended; Long.MAX_VALUE for never
     */
    ServiceNotices(@Nullable Sender sender, long watchdogNanos) {
        this.sender = sender;
        this.watchdogNanos = watchdogNanos;
    }

    /** As systemd asks for it in the environment of a service; nobody is told otherwise. */
    static ServiceNotices asked(Map<String, String> environment) throws DaemonFailure {
        String name = environment.get("NOTIFY_SOCKET");
        if (name == null || name.isEmpty()) {
            return NONE;
        }
        try {
            NotifySocket socket = NotifySocket.to(name);
            return new ServiceNotices(socket::send, watchdogNanos(environment));
        } catch (IOException e) {
            throw new DaemonFailure(DaemonFailure.CANNOT_OPEN, "NOTIFY_SOCKET: " + e.getMessage());
        }
    }

    private static long watchdogNanos(Map<String, String> environment) throws DaemonFailure {
        String micros = environment.get("WATCHDOG_USEC");
        String pid = environment.get("WATCHDOG_PID");
        String own = Long.toString(ProcessHandle.current().pid());
        if (micros == null || (pid != null && !pid.equals(own))) {
            return Long.MAX_VALUE;
        }
        try {
            return TimeUnit.MICROSECONDS.toNanos(Long.parseLong(micros));
        } catch (NumberFormatException e) {
            throw new DaemonFailure(
                    DaemonFailure.CANNOT_OPEN,
                    "WATCHDOG_USEC: not a number of microseconds: '" + micros + "'");
        }
    }

    /** Begins. On the loop, or before it runs. */
    void begin(GroupLoop loop, Supplier<GroupStatus> status) {
        if (sender == null) {
            return;
        }
        tell(status.get());
        long silence = ready ? Math.min(STATUS_NANOS, watchdogNanos / 3) : UNTIL_READY_NANOS;
        loop.schedule(silence, () -> begin(loop, status));
    }

    /** One sign of life. */
    private void tell(GroupStatus now) {
        StringBuilder message = new StringBuilder("WATCHDOG=1");
        if (!ready) {
            ready = hasItsPart(now);
            message.append(ready ? "\nREADY=1" : "\n" + MORE_TIME);
        }
        String text = text(now);
        if (!text.equals(said)) {
            said = text;
            message.append("\nSTATUS=").append(text);
        }
        send(message.toString());
    }

    /** A primary has it when it serves: what is mounted from it is waited for until then. */
    private static boolean hasItsPart(GroupStatus now) {
        return now.serving() || (now.role() != Role.STARTING && now.role() != Role.PRIMARY);
    }

    /** That a stop has begun. From any thread. */
    void stopping() {
        send("STOPPING=1\nSTATUS=stops: brings what is in the log to the devices");
    }

    private static String text(GroupStatus now) {
        String role = SiteSettings.spelled(now.role());
        GroupStatus.@Nullable Problem stalled = now.stalled();
        if (stalled != null) {
            return role + ", writes are held: " + oneLine(stalled.reason());
        }
        if (now.serving()) {
            return role + ", serving";
        }
        return now.role() == Role.TARGET
                ? role
                : role + ", not serving: " + oneLine(now.notServingReason());
    }

    /** A line's end would begin another word of the protocol. */
    private static String oneLine(String text) {
        return text.replace('\n', ' ');
    }

    private void send(String message) {
        Sender to = sender;
        if (to == null) {
            return;
        }
        try {
            to.send(message);
            deaf = false;
        } catch (IOException e) {
            if (!deaf) { // once, not every second
                LOG.warn("systemd is not told: {}", e.getMessage());
            }
            deaf = true;
        }
    }
}
