package dmctl.daemon.mapper;

import dmctl.daemon.front.BackingGroup;
import dmctl.daemon.io.OffLoop;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/** Asks device-mapper for what the loop hands to it, one thing after another. On the loop. */
final class MapperThread {
    private final BackingGroup group;
    private final OffLoop thread = new OffLoop("mapper");
    private boolean working;

    MapperThread(BackingGroup group) {
        this.group = group;
    }

    /** Whether {@link #work} is under way; nothing else that changes names is begun then. */
    boolean working() {
        return working;
    }

    /** Runs something that tells the loop itself what came of it. */
    void work(Runnable task) {
        working = true;
        try {
            thread.execute(() -> {
                try {
                    task.run();
                } finally {
                    group.loop().execute(() -> working = false);
                }
            });
        } catch (RejectedExecutionException e) {
            working = false;
            group.say("mapper: device-mapper is too slow to be asked");
        }
    }

    /** Runs something; what came of it is told on the loop. */
    void ask(OffLoop.Task task, Runnable done, Consumer<String> failed) {
        try {
            thread.execute(() -> {
                try {
                    task.run();
                    group.loop().execute(done);
                } catch (IOException e) {
                    group.loop().execute(() -> failed.accept(String.valueOf(e.getMessage())));
                }
            });
        } catch (RejectedExecutionException e) {
            failed.accept("device-mapper is too slow to be asked; see dmesg");
        }
    }

    /** Ends with a last task, after all others. */
    void close(Runnable last) {
        try {
            thread.execute(last);
        } catch (RejectedExecutionException e) {
            group.say("mapper: device-mapper is left open");
        }
        thread.close();
    }
}
