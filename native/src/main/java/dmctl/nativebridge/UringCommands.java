package dmctl.nativebridge;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;

/** The kernel's ring for commands to drivers. */
final class UringCommands implements CommandRing {
    private final RingPair rings;
    private final boolean wide;

    private UringCommands(RingPair rings, boolean wide) {
        this.rings = rings;
        this.wide = wide;
    }

    static UringCommands open(int entries, boolean wide) throws IOException {
        return new UringCommands(RingPair.open(entries, wide), wide);
    }

    @Override
    public void command(int fd, int command, long word0, long word1, long data) {
        long at = rings.entry();
        UringAbi.fillCommand(rings.sqes(), at, fd, command, word0, word1, data);
    }

    @Override
    public void wideCommand(
            int fd, int command, long word0, long word1, long word2, long word3, long data) {
        if (!wide) {
            throw new IllegalStateException("not a wide ring");
        }
        long at = rings.entry();
        UringAbi.fillCommand(rings.sqes(), at, fd, command, word0, word1, data);
        rings.sqes().set(JAVA_LONG, at + UringAbi.SQE_CMD + 16, word2);
        rings.sqes().set(JAVA_LONG, at + UringAbi.SQE_CMD + 24, word3);
    }

    @Override
    public boolean due() {
        return rings.due();
    }

    @Override
    public void submit() throws IOException {
        if (rings.due()) {
            rings.enter(false);
        }
    }

    @Override
    public void await(long nanos) throws IOException {
        rings.enter(nanos);
    }

    @Override
    public boolean next() {
        return rings.next();
    }

    @Override
    public long data() {
        return rings.data();
    }

    @Override
    public int result() {
        return rings.result();
    }

    @Override
    public int bell() throws IOException {
        return rings.bell();
    }

    @Override
    public void close() {
        rings.close();
    }
}
