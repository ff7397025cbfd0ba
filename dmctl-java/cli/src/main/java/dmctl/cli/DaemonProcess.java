package dmctl.cli;

import dmctl.config.FileTrouble;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * A site's daemon, started here.
 *
 * @param site the site
 * @param process its process
 * @param messages where its messages go
 * @param messagesBefore size of that file when it was started
 */
record DaemonProcess(Site site, Process process, Path messages, long messagesBefore) {
    private static final int TAIL_LINES = 12;

    static DaemonProcess start(GroupConfig config, Site site, String... options)
            throws CommandFailure {
        return start(config, site, true, options);
    }

    /** Starts a daemon that makes files which never existed, or not. */
    static DaemonProcess start(GroupConfig config, Site site, boolean create, String... options)
            throws CommandFailure {
        GroupConfig.DaemonPlaces places = site.daemon().orElseThrow();
        Path messages = places.messageFile();
        try {
            Files.createDirectories(places.stateDir());
            long before = Files.exists(messages) ? Files.size(messages) : 0;
            List<String> command = new ArrayList<>(JvmCommand.detached(config, site, create));
            command.addAll(List.of(options));
            ProcessBuilder builder =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectInput(
                                    ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                            .redirectOutput(ProcessBuilder.Redirect.appendTo(messages.toFile()));
            return new DaemonProcess(site, builder.start(), messages, before);
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.FAILED,
                    "cannot start the daemon of " + site.name() + ": " + FileTrouble.text(e));
        }
    }

    /** Waits until it answers; where it ends instead, says what it said. */
    void awaitAnswer(Duration patience) throws CommandFailure {
        long end = System.nanoTime() + patience.toNanos();
        while (true) {
            try {
                AdminClient.ask(
                        GroupView.socket(site), AdminClient.request("ping"), AdminClient.SOON);
                return;
            } catch (AdminClient.Unreachable e) {
                if (!process.isAlive()) {
                    throw new CommandFailure(
                            ExitCode.FAILED, "the daemon of " + site.name() + " " + ending());
                }
                if (System.nanoTime() > end) {
                    throw new CommandFailure(
                            ExitCode.TIMEOUT,
                            "the daemon of "
                                    + site.name()
                                    + " does not answer after "
                                    + patience.toSeconds()
                                    + " s; see "
                                    + messages);
                }
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }

    /** Waits until a process has ended; whether it has. */
    static boolean awaitEnd(long pid, Duration patience) {
        Optional<ProcessHandle> process = ProcessHandle.of(pid);
        try {
            if (process.isPresent()) {
                process.get().onExit().get(patience.toSeconds(), TimeUnit.SECONDS);
            }
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Waits until a daemon has ended that was told to. */
    static void requireEnd(long pid, Duration patience) throws CommandFailure {
        if (!awaitEnd(pid, patience)) {
            throw new CommandFailure(ExitCode.FAILED, "the daemon " + pid + " has not ended");
        }
    }

    /** How it ended, with its last words. */
    String ending() {
        int exit = process.exitValue();
        if (exit > 128) {
            return "was ended by signal " + (exit - 128) + "; its messages are in " + messages;
        }
        String said = lastWords();
        return "ended with exit code "
                + exit
                + (said.isEmpty() ? "; see " + messages : ":\n" + said);
    }

    private String lastWords() {
        try {
            byte[] all = Files.readAllBytes(messages);
            int from = (int) Math.min(messagesBefore, all.length);
            String text = new String(all, from, all.length - from, StandardCharsets.UTF_8);
            List<String> lines = text.lines().toList();
            return String.join(
                    "\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
        } catch (IOException e) {
            return "";
        }
    }
}
