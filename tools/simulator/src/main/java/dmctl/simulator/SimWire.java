package dmctl.simulator;

import dmctl.engine.port.Wire;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** One end of a simulated connection. */
final class SimWire implements Wire {
    private final SimThread thread;
    private final SimRandom random;
    private final String peerName;
    private final SimStream in;
    private final SimStream out;
    private @Nullable Events events;
    private boolean wantRead = true;
    private boolean readableAsked;
    private boolean writeWaits;
    private boolean closed;
    private @Nullable String endReason;
    private boolean endAtOnce;

    SimWire(SimThread thread, SimRandom random, String peerName, SimStream in, SimStream out) {
        this.thread = thread;
        this.random = random;
        this.peerName = peerName;
        this.in = in;
        this.out = out;
    }

    SimThread thread() {
        return thread;
    }

    boolean open() {
        return !closed && thread.alive();
    }

    SimStream out() {
        return out;
    }

    @Override
    public void listen(Events events) {
        this.events = events;
        arrived();
    }

    @Override
    public int read(ByteBuffer target) {
        if (closed) {
            return 0;
        }
        int count = in.take(target);
        if (in.available() > 0 || endReason != null) {
            askReadable();
        }
        return count;
    }

    @Override
    public int write(ByteBuffer source) {
        if (closed) {
            return 0;
        }
        if (endReason != null) {
            // As after a reset: the bytes go nowhere and closed is told soon.
            int gone = source.remaining();
            source.position(source.limit());
            return gone;
        }
        int room = Math.min(out.room(), source.remaining());
        if (room > 256 && random.oneIn(8)) {
            room = 1 + random.below(room);
        }
        if (room > 0) {
            out.give(source, room);
        }
        if (source.hasRemaining() && !writeWaits) {
            writeWaits = true;
            if (out.room() > 0) {
                thread.after(random.around(5_000), this::tellWritable);
            }
        }
        return room;
    }

    @Override
    public void wantRead(boolean wanted) {
        wantRead = wanted;
        if (wanted) {
            arrived();
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        out.end("the peer has closed the connection");
        in.abandoned();
    }

    @Override
    public String peer() {
        return peerName;
    }

    /** Bytes or the end of the stream are here. */
    void arrived() {
        if (!closed && (in.available() > 0 || endReason != null)) {
            askReadable();
        }
    }

    /** The receiver has made room. */
    void roomMade() {
        if (writeWaits && !closed) {
            thread.after(1_000, this::tellWritable);
        }
    }

    /** The stream ends here; at once (a reset) or after what has arrived was read. */
    void ended(String reason, boolean atOnce) {
        if (endReason == null) {
            endReason = reason;
            endAtOnce = atOnce;
        } else {
            endAtOnce |= atOnce;
        }
        askReadable();
    }

    private void askReadable() {
        if (readableAsked) {
            return;
        }
        readableAsked = true;
        thread.after(random.below(2_000), this::tellReadable);
    }

    private void tellReadable() {
        readableAsked = false;
        Events receiver = events;
        if (closed || receiver == null) {
            return;
        }
        if (endReason != null && (endAtOnce || in.available() == 0) && (wantRead || endAtOnce)) {
            closed = true;
            out.end("the peer's connection has ended");
            receiver.closed(this, endReason);
            return;
        }
        if (!wantRead || in.available() == 0) {
            return;
        }
        receiver.readable(this);
        if (!closed && wantRead && in.available() > 0) {
            askReadable();
        }
    }

    private void tellWritable() {
        Events receiver = events;
        if (!writeWaits || closed || receiver == null || out.room() == 0) {
            return;
        }
        writeWaits = false;
        receiver.writable(this);
    }
}
