package dmctl.engine;

import dmctl.engine.port.Wire;
import dmctl.replog.Crc;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Messages over a {@link Wire}. Outgoing bytes are copied into one buffer, so that a peer that
 * stands still never keeps records in memory and one write carries many messages; incoming ones are
 * handed on in place. Both buffers are bounded: who gives more than the other takes waits.
 */
final class LinkChannel implements Wire.Events {
    /** What happens on a channel. */
    interface Events {
        /**
         * A message is here.
         *
         * @return false to get it again later (there is no room now)
         */
        boolean message(int type, ByteBuffer in, int meta, int metaBytes, int data, int dataBytes);

        /** The channel is gone; told once, not after {@link LinkChannel#close}. */
        void closed(String reason);
    }

    private static final int EXTRA_BYTES = 64 << 10;

    private final Wire wire;
    private final Events events;
    private final Replica replica;
    private final Crc crc = new Crc();
    private final ByteBuffer in;
    private final ByteBuffer out;
    private final int messageBytesMax;
    private boolean open = true;
    private boolean refused;

    /** Where in {@link #out} what is not sent yet begins; it ends at the position. */
    private int unsent;

    /** The wire is full: it tells when it is not. */
    private boolean wireFull;

    private long heardNanos;
    private long movedNanos;
    private long sentNanos;

    LinkChannel(Replica replica, Wire wire, Events events) {
        this.replica = replica;
        this.wire = wire;
        this.events = events;
        messageBytesMax =
                (int)
                        messageBytesMax(
                                replica.log().identity().frameBytesMax(),
                                replica.devices().regions().regionBytes());
        in = replica.linkBuffers().take(messageBytesMax);
        out = replica.linkBuffers().take(messageBytesMax);
        heardNanos = replica.nanos();
        sentNanos = heardNanos;
        movedNanos = heardNanos;
        wire.listen(this);
    }

    /** Room for a batch, and for a region whose blocks all differ. */
    static long messageBytesMax(long frameBytes, long regionBytes) {
        return Math.max(frameBytes, regionBytes) + EXTRA_BYTES;
    }

    String peer() {
        return wire.peer();
    }

    boolean isOpen() {
        return open;
    }

    long sentNanos() {
        return sentNanos;
    }

    /** Whether a message of this size can be queued now. */
    boolean hasRoom(int metaBytes, int dataBytes) {
        return open && out.remaining() >= Message.HEADER_BYTES + metaBytes + dataBytes;
    }

    /**
     * Begins a message: its meta part goes into {@link #out()} at the index returned, data behind.
     */
    int begin(int type, int metaBytes, int dataBytes) {
        Invariant.check(hasRoom(metaBytes, dataBytes), "room for a message", metaBytes, dataBytes);
        int at = out.position();
        out.putInt(at, Message.MAGIC);
        out.put(at + 4, (byte) Message.VERSION);
        out.put(at + 5, (byte) type);
        out.putShort(at + 6, (short) 0);
        out.putInt(at + 8, metaBytes);
        out.putInt(at + 12, dataBytes);
        return at + Message.HEADER_BYTES;
    }

    ByteBuffer out() {
        return out;
    }

    /** Seals the message begun. */
    void end() {
        int at = out.position();
        int metaBytes = out.getInt(at + 8);
        int sum = crc.begin().add(out, at, 16).add(out, at + Message.HEADER_BYTES, metaBytes).end();
        out.putInt(at + 16, sum);
        out.position(at + Message.HEADER_BYTES + metaBytes + out.getInt(at + 12));
        sentNanos = replica.nanos();
        if (at == 0) {
            movedNanos = sentNanos;
        }
    }

    /** Queues a message of longs. */
    void sendLongs(int type, long... values) {
        if (!hasRoom(values.length * 8, 0)) {
            return;
        }
        int at = begin(type, values.length * 8, 0);
        for (int i = 0; i < values.length; i++) {
            out.putLong(at + 8 * i, values[i]);
        }
        end();
    }

    void sendBytes(int type, byte[] meta) {
        if (!hasRoom(meta.length, 0)) {
            fault("a message of " + meta.length + " bytes finds no room");
            return;
        }
        out.put(begin(type, meta.length, 0), meta);
        end();
    }

    void refuse(int code, String text) {
        byte[] words = text.getBytes(StandardCharsets.UTF_8);
        if (hasRoom(4 + words.length, 0)) {
            int at = begin(Message.REFUSE, 4 + words.length, 0);
            out.putInt(at, code);
            out.put(at + 4, words);
            end();
        }
        refused = true;
        flush();
        if (out.position() == 0) {
            close();
        }
    }

    static String refusalText(ByteBuffer in, int meta, int metaBytes) {
        byte[] words = new byte[metaBytes - 4];
        in.get(meta + 4, words);
        return new String(words, StandardCharsets.UTF_8);
    }

    /** Gives what is queued to the wire; once a turn. */
    void flush() {
        if (!open || wireFull || out.position() == 0) {
            return;
        }
        int end = out.position();
        out.limit(end).position(unsent);
        if (wire.write(out) > 0) {
            movedNanos = replica.nanos();
        }
        unsent = out.position();
        wireFull = unsent < end;
        out.limit(out.capacity()).position(end);
        moveUnsent();
        if (refused && out.position() == 0) {
            close();
        }
    }

    /**
     * Makes room at the end. Never moves more than has been sent since: a peer that takes little at
     * a time must not have what waits for it moved at each of these times.
     */
    private void moveUnsent() {
        int end = out.position();
        if (unsent >= end - unsent) {
            out.limit(end).position(unsent);
            out.compact();
            unsent = 0;
        }
    }

    boolean hasOutput() {
        return out.position() > 0;
    }

    /**
     * Ends a channel that has been silent for too long. A message that has to wait here is no
     * silence, but it may wait for room behind bytes that the peer will never take.
     */
    void checkAlive(long timeoutNanos) {
        if (open && replica.nanos() > deadlineNanos(timeoutNanos)) {
            fault("no sign of life from " + wire.peer());
        }
    }

    long deadlineNanos(long timeoutNanos) {
        long silent = heardNanos + timeoutNanos;
        return out.position() > 0 ? Math.min(silent, movedNanos + timeoutNanos) : silent;
    }

    @Override
    public void readable(Wire from) {
        if (!open) {
            return;
        }
        // Several rounds, for the buffer may be smaller than what has arrived; bounded for
        // fairness.
        for (int round = 0; round < 8 && open; round++) {
            int got = wire.read(in);
            if (got > 0) {
                heardNanos = replica.nanos();
                movedNanos = heardNanos;
            }
            boolean took = deliver();
            if (got <= 0 && !took) {
                break;
            }
        }
    }

    /** Hands on what could not be taken before. */
    void retry() {
        if (open && in.position() > 0 && deliver()) {
            wire.wantRead(true);
        }
    }

    private boolean deliver() {
        in.flip();
        boolean took = false;
        boolean blocked = false;
        while (open && in.remaining() >= Message.HEADER_BYTES) {
            int at = in.position();
            int metaBytes = in.getInt(at + 8);
            int dataBytes = in.getInt(at + 12);
            if (!checkHeader(at, metaBytes, dataBytes)) {
                return took;
            }
            int bytes = Message.HEADER_BYTES + metaBytes + dataBytes;
            if (in.remaining() < bytes || !checkMeta(at, metaBytes)) {
                break;
            }
            int meta = at + Message.HEADER_BYTES;
            if (!events.message(in.get(at + 5), in, meta, metaBytes, meta + metaBytes, dataBytes)) {
                blocked = true;
                heardNanos = replica.nanos();
                break;
            }
            in.position(at + bytes);
            took = true;
        }
        if (open) {
            if (took) {
                in.compact();
            } else {
                in.position(in.limit()).limit(in.capacity());
            }
            wire.wantRead(!blocked || in.hasRemaining());
        }
        return took;
    }

    private boolean checkHeader(int at, int metaBytes, int dataBytes) {
        if (in.getInt(at) != Message.MAGIC || in.get(at + 4) != Message.VERSION) {
            fault(wire.peer() + " does not speak this version of the link protocol");
            return false;
        }
        if (metaBytes < 0
                || dataBytes < 0
                || (long) metaBytes + dataBytes + Message.HEADER_BYTES > messageBytesMax) {
            fault(wire.peer() + " sent a message larger than allowed: its batch size may differ");
            return false;
        }
        return true;
    }

    private boolean checkMeta(int at, int metaBytes) {
        int sum = crc.begin().add(in, at, 16).add(in, at + Message.HEADER_BYTES, metaBytes).end();
        if (sum != in.getInt(at + 16)) {
            fault("a message from " + wire.peer() + " is damaged: checksum");
            return false;
        }
        int type = in.get(at + 5);
        if (metaBytes < Message.metaBytesMin(type)) {
            fault(
                    String.format(
                            Locale.ROOT,
                            "message %d from %s is too short: %d bytes",
                            type,
                            wire.peer(),
                            metaBytes));
            return false;
        }
        return true;
    }

    @Override
    public void writable(Wire from) {
        wireFull = false;
        flush();
    }

    @Override
    public void closed(Wire from, String reason) {
        fault(reason);
    }

    /** Ends the channel for a reason its owner is told. */
    void fault(String reason) {
        if (open) {
            close();
            events.closed(reason);
        }
    }

    void close() {
        if (open) {
            open = false;
            wire.close();
            replica.linkBuffers().give(in);
            replica.linkBuffers().give(out);
        }
    }
}
