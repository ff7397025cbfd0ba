package dmctl.simulator;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs seeds, prints what breaks a promise and the seed that replays it, and what was reached. */
@Command(
        name = "simulator",
        mixinStandardHelpOptions = true,
        description = "Runs groups of several sites in virtual time, with faults, and judges them.")
public final class SimulatorMain implements Callable<Integer> {
    @Option(names = "--seeds", paramLabel = "A..B", description = "Seeds to run, both included.")
    private @Nullable String seeds;

    @Option(names = "--seed", paramLabel = "N", description = "One seed to run.")
    private @Nullable Long seed;

    @Option(names = "--trace", description = "Print every event of the one seed.")
    private boolean trace;

    @Option(
            names = "--time-limit",
            paramLabel = "SECONDS",
            description = "Begin no new seed after so many seconds of real time.")
    private long timeLimitSeconds = Long.MAX_VALUE / 2_000_000_000L;

    @Option(names = "--threads", paramLabel = "N", description = "Seeds to run at a time.")
    private int threads = 1;

    @Option(names = "--failures", paramLabel = "N", description = "Stop after so many violations.")
    private int failuresMax = 10;

    private final Counters counters = new Counters();
    private final PrintStream out;
    private int failures;
    private long done;

    private SimulatorMain(PrintStream out) {
        this.out = out;
    }

    /**
     * Runs the simulator.
     *
     * @param args words of the command line; exit code 1 if a promise was broken
     */
    public static void main(String[] args) {
        System.exit(new CommandLine(new SimulatorMain(System.out)).execute(args));
    }

    @Override
    public Integer call() throws InterruptedException {
        long first = 1;
        long last = 100;
        if (seed != null) {
            first = seed;
            last = seed;
        } else if (seeds != null) {
            String[] ends = seeds.split("\\.\\.", 2);
            first = Long.parseLong(ends[0]);
            last = Long.parseLong(ends[ends.length - 1]);
        }
        Seeds.expect(counters);
        long begun = System.nanoTime();
        runAll(first, last, begun);
        double took = (System.nanoTime() - begun) / 1e9;
        summarize(took);
        return failures == 0 ? 0 : 1;
    }

    private void summarize(double took) {
        out.print(counters);
        String missing = counters.missing();
        out.printf(Locale.ROOT, "never reached: %s%n", missing.isEmpty() ? "nothing" : missing);
        out.printf(
                Locale.ROOT,
                "%d seeds in %.1f s (%.1f/s), %d of them with the whole load of their plan, %d"
                        + " violations%n",
                done,
                took,
                done / took,
                counters.of("run: load complete"),
                failures);
    }

    private void runAll(long first, long last, long begun) throws InterruptedException {
        AtomicLong next = new AtomicLong(first);
        List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            workers.add(Thread.ofPlatform().start(() -> work(next, last, begun)));
        }
        for (Thread worker : workers) {
            worker.join();
        }
    }

    private void work(AtomicLong next, long last, long begun) {
        Seeds runner = new Seeds(trace ? out::println : null);
        while (enough(begun)) {
            long current = next.getAndIncrement();
            if (current > last) {
                break;
            }
            report(runner.run(current));
        }
        synchronized (this) {
            counters.addAll(runner.counters());
        }
    }

    private synchronized boolean enough(long begun) {
        return failures < failuresMax
                && System.nanoTime() - begun < timeLimitSeconds * 1_000_000_000L;
    }

    private synchronized void report(Seeds.Outcome outcome) {
        done++;
        if (done % 5_000 == 0) {
            out.printf(Locale.ROOT, "... %d seeds, %d violations%n", done, failures);
        }
        Violation violation = outcome.violation();
        if (violation != null) {
            failures++;
            out.printf(
                    Locale.ROOT, "seed %d: VIOLATION %s%n", outcome.seed(), violation.getMessage());
            Throwable cause = violation.getCause();
            if (cause != null) {
                cause.printStackTrace(out);
            }
            out.printf(Locale.ROOT, "  replay: --seed %d --trace%n", outcome.seed());
        } else if (trace) {
            out.printf(
                    Locale.ROOT,
                    "seed %d: good, trace hash %016x%n",
                    outcome.seed(),
                    outcome.hash());
        }
    }
}
