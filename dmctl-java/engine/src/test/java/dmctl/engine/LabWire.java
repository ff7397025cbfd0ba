package dmctl.engine;

import dmctl.engine.port.Wire;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** One end of a connection in memory: what one end writes waits at the other until it reads. */
final class LabWire implements Wire {
    private static final int ROOM = 64 << 10;

    private final String peerName;
    private final byte[] waiting = new byte[ROOM];
    private int waitingBytes;
    private @Nullable LabWire other;
    private @Nullable Events events;
    private boolean wantRead = true;
    private boolean writeWaits;
    private boolean closed;
    private String ending = "";
    private boolean stalled;

    private LabWire(String peerName) {
        this.peerName = peerName;
    }

    /** Two ends of one connection, named after each other. */
    static LabWire[] pair(String left, String right) {
        LabWire one = new LabWire(right);
        LabWire two = new LabWire(left);
        one.other = two;
        two.other = one;
        return new LabWire[] {one, two};
    }

    private LabWire other() {
        LabWire end = other;
        if (end == null) {
            throw new AssertionError("a wire has two ends");
        }
        return end;
    }

    /** Nothing moves from now on, in either direction; nobody is told. */
    void stall(boolean on) {
        stalled = on;
        other().stalled = on;
    }

    /** The connection breaks: both ends are told. */
    void breakOff(String reason) {
        ending = reason;
        waitingBytes = 0;
        other().ending = reason;
        other().waitingBytes = 0;
    }

    boolean isClosed() {
        return closed;
    }

    /** Tells of what has arrived; true if anything moved. */
    boolean run() {
        Events told = events;
        if (told == null || closed || stalled) {
            return false;
        }
        if (waitingBytes > 0 && wantRead) {
            int before = waitingBytes;
            told.readable(this);
            return waitingBytes != before || closed;
        }
        if (writeWaits && other().waitingBytes < ROOM) {
            writeWaits = false;
            told.writable(this);
            return true;
        }
        if (waitingBytes == 0 && !ending.isEmpty()) {
            closed = true;
            told.closed(this, ending);
            return true;
        }
        return false;
    }

    @Override
    public void listen(Events receiver) {
        events = receiver;
    }

    @Override
    public int read(ByteBuffer target) {
        int bytes = closed ? 0 : Math.min(waitingBytes, target.remaining());
        target.put(waiting, 0, bytes);
        waitingBytes -= bytes;
        System.arraycopy(waiting, bytes, waiting, 0, waitingBytes);
        return bytes;
    }

    @Override
    public int write(ByteBuffer source) {
        LabWire to = other();
        if (closed || to.closed) {
            return 0;
        }
        int bytes = Math.min(source.remaining(), ROOM - to.waitingBytes);
        source.get(to.waiting, to.waitingBytes, bytes);
        to.waitingBytes += bytes;
        writeWaits = source.hasRemaining();
        return bytes;
    }

    @Override
    public void wantRead(boolean wanted) {
        wantRead = wanted;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            if (other().ending.isEmpty()) {
                other().ending = "closed by the peer";
            }
        }
    }

    @Override
    public String peer() {
        return peerName;
    }
}
