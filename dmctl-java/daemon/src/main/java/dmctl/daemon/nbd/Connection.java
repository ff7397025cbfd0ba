package dmctl.daemon.nbd;

import dmctl.daemon.io.Ready;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** One client: its socket, its buffers, and in which phase it is. */
final class Connection implements Ready {
    static final int RECEIVE_BYTES = 1 << 20;

    /** A rest up to this size is moved to the start of the buffer when little room is behind it. */
    private static final int CHEAP_MOVE_BYTES = 4096;

    final NbdServer server;

    /** Received bytes that are not parsed yet, from position to limit. */
    final ByteBuffer input;

    final Outbox outbox;
    final String peer;
    final SocketChannel channel;
    private final ConnectionBuffers buffers;
    private final Handshake handshake;
    private @Nullable Transmission transmission;
    private @Nullable SelectionKey key;
    private int interest = SelectionKey.OP_READ;
    private boolean handshakeWaits;
    private boolean ending;
    private boolean closed;
    private boolean left;
    private boolean saidGoodbye;
    private boolean finishing;

    /** Who has to be told of the end of a client that did not come through a listener. */
    private Attached.@Nullable Ended ended;

    /** List of those that have something to do at the end of the round. */
    @Nullable Connection nextTouched;

    boolean touched;

    Connection(NbdServer server, SocketChannel channel, String peer, ConnectionBuffers buffers) {
        this.server = server;
        this.channel = channel;
        this.peer = peer;
        this.buffers = buffers;
        this.input = buffers.input();
        this.outbox = new Outbox(buffers.staging());
        this.handshake = new Handshake(this);
        input.clear().limit(0);
    }

    void start(SelectionKey registered) {
        key = registered;
        handshake.greet();
        touch();
    }

    /** Begins with the transmission phase. */
    void startAttached(SelectionKey registered, Export export, Attached.Ended toldOfTheEnd) {
        key = registered;
        ended = toldOfTheEnd;
        transmission = new Transmission(this, export, false, false);
        touch();
    }

    /**
     * Whether the client sends what was not answered again on its next connection: then nothing is
     * refused it because the group is not served, but left for that.
     */
    boolean sendsAgain() {
        return ended != null;
    }

    /** Takes the rest of a command that has begun to come, and nothing behind it. */
    void finish() {
        finishing = true;
        if (!closed && !ending && transmission != null && !transmission.midway()) {
            end();
        }
    }

    boolean finishing() {
        return finishing;
    }

    ConnectionBuffers buffers() {
        return buffers;
    }

    void touch() {
        if (!touched) {
            touched = true;
            server.touch(this);
        }
    }

    boolean isTransmitting() {
        return transmission != null;
    }

    void transmit(Transmission begun) {
        transmission = begun;
    }

    @Override
    public void ready(SelectionKey readyKey) {
        if (closed) {
            return;
        }
        touch();
        if (readyKey.isReadable() && !ending && !waits()) {
            receive();
        }
    }

    private void receive() {
        makeRoom();
        int start = input.position();
        int end = input.limit();
        int received;
        try {
            input.limit(input.capacity()).position(end);
            received = channel.read(input);
        } catch (IOException e) {
            close(words(e));
            return;
        }
        input.limit(input.position()).position(start);
        if (received < 0) {
            endOfStream();
        } else {
            parse();
        }
    }

    /** Moves what is unparsed if what has to come behind it would not fit. */
    private void makeRoom() {
        int rest = input.remaining();
        int needed = transmission == null ? handshake.neededBytes() : transmission.neededBytes();
        boolean late = input.limit() > input.capacity() / 2;
        if (rest == 0) {
            input.clear().limit(0);
        } else if (input.position() + needed > input.capacity()
                || (late && rest <= CHEAP_MOVE_BYTES)) {
            input.compact().flip();
        }
    }

    private void parse() {
        if (transmission == null) {
            handshakeWaits = false;
            handshake.parse(input);
        }
        if (transmission != null && !ending && !closed) {
            transmission.parse(input);
        }
    }

    /** Goes on parsing what had to wait for something else than bytes. */
    void resume() {
        if (!closed && !ending && waits()) {
            parse();
        }
    }

    void resumeWhenSent() {
        handshakeWaits = true;
    }

    private boolean waits() {
        return transmission == null ? handshakeWaits : transmission.blocked();
    }

    /** The client said good-bye: ends when everything under way is answered. */
    void disconnect() {
        saidGoodbye = true;
        if (input.hasRemaining()) {
            close("sent a request after disconnecting");
            return;
        }
        end();
    }

    /** Takes nothing more from the client; closes when everything under way is answered. */
    void end() {
        ending = true;
        if (transmission != null) {
            transmission.stop();
        }
        touch();
    }

    /** The group is not served any more: ends as soon as nothing is under way. */
    void endUnserved() {
        if (!closed && !ending && transmission != null && transmission.idle()) {
            server.event(peer, "ended: the group is not served here any more");
            end();
        }
    }

    private void endOfStream() {
        boolean midway =
                transmission == null
                        || transmission.midCommand()
                        || transmission.unanswered() > 0
                        || input.hasRemaining();
        String where =
                transmission == null
                        ? "during the handshake"
                        : midway
                                ? "in the middle of a request, "
                                        + transmission.unanswered()
                                        + " under way"
                                : "without saying good-bye";
        if (transmission == null || input.hasRemaining() || transmission.midCommand()) {
            close("closed the connection " + where);
        } else {
            server.event(peer, "closed the connection " + where);
            end();
        }
    }

    /** Sends replies and decides what to wait for next. */
    void endOfRound() {
        if (closed) {
            return;
        }
        resume();
        flush();
        if (closed) {
            return;
        }
        boolean over = outbox.isEmpty() && (transmission == null || transmission.idle());
        if (ending && over) {
            close(null);
            return;
        }
        int wanted = ending || waits() ? 0 : SelectionKey.OP_READ;
        if (!outbox.isEmpty()) {
            wanted |= SelectionKey.OP_WRITE;
        }
        if (wanted != interest && key != null) {
            interest = wanted;
            key.interestOps(wanted);
        }
    }

    private void flush() {
        Replies replies = transmission == null ? null : transmission.replies;
        try {
            boolean sent = true;
            boolean all = false;
            while (sent && !all) {
                all = replies == null || replies.drain();
                sent = outbox.flush(channel);
            }
        } catch (IOException e) {
            close(words(e));
            return;
        }
        if (replies != null && replies.broken != null) {
            close(replies.broken);
        } else if (handshakeWaits && outbox.isEmpty()) {
            touch();
        }
    }

    private static String words(IOException e) {
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message;
    }

    /**
     * Ends the connection now. What is at the engine ends unheard; only then is its memory free.
     *
     * @param reason for the log, null for an end in order
     */
    void close(@Nullable String reason) {
        if (closed) {
            return;
        }
        closed = true;
        if (reason != null) {
            server.event(peer, reason);
        }
        try {
            channel.close();
        } catch (IOException e) {
            server.event(peer, "closing: " + words(e));
        }
        outbox.clear();
        if (transmission != null) {
            transmission.close();
        }
        leaveIfIdle();
    }

    /** Frees the memory of a closed connection as soon as nothing uses it any more. */
    void leaveIfIdle() {
        if (closed && !left && (transmission == null || transmission.idle())) {
            left = true;
            server.left(this);
            if (ended != null) {
                ended.ended(saidGoodbye);
            }
        }
    }
}
