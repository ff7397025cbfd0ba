package dmctl.daemon.nbd;

import dmctl.engine.port.ExtentList;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Turns ended commands into replies; those that find no room in the outbox wait here in order. */
final class Replies {
    /** Data up to this size is copied behind its header, larger data is gathered. */
    private static final int COPY_BYTES = 8192;

    private static final int MAX_EXTENTS = 4096;

    /** Room for every reply without data. */
    private static final int PLAIN_BYTES = 512;

    private final Outbox outbox;
    private final boolean structured;
    private final Transmission transmission;
    private @Nullable Command firstWaiting;
    private @Nullable Command lastWaiting;

    /** A simple reply whose data is partly sent: nothing else may come between. */
    private @Nullable Command unfinished;

    /** Why the stream of replies cannot go on. */
    @Nullable String broken;

    Replies(Outbox outbox, boolean structured, Transmission transmission) {
        this.outbox = outbox;
        this.structured = structured;
        this.transmission = transmission;
    }

    /**
     * A command has ended or, if a READ, some of its data is here.
     *
     * @param command to be answered now if there is room, else later
     */
    void ready(Command command) {
        if ((command == unfinished || firstWaiting == null) && emit(command)) {
            return;
        }
        if (!command.queued && command != unfinished) {
            command.queued = true;
            command.next = null;
            if (lastWaiting == null) {
                firstWaiting = command;
            } else {
                lastWaiting.next = command;
            }
            lastWaiting = command;
        }
    }

    /**
     * Answers those that wait, as far as there is room.
     *
     * @return true if nothing waits any more
     */
    boolean drain() {
        if (unfinished != null && !emit(unfinished)) {
            return false;
        }
        while (firstWaiting != null) {
            Command command = firstWaiting;
            if (!mayEmit(command)) {
                return false;
            }
            removeFirst();
            if (!emit(command)) {
                putBack(command);
                return false;
            }
        }
        return true;
    }

    private boolean mayEmit(Command command) {
        return unfinished == null || unfinished == command;
    }

    private void removeFirst() {
        Command command = java.util.Objects.requireNonNull(firstWaiting);
        firstWaiting = command.next;
        if (firstWaiting == null) {
            lastWaiting = null;
        }
        command.next = null;
        command.queued = false;
    }

    private void putBack(Command command) {
        if (command == unfinished) {
            return;
        }
        command.queued = true;
        command.next = firstWaiting;
        firstWaiting = command;
        if (lastWaiting == null) {
            lastWaiting = command;
        }
    }

    /** Forgets those that wait; the connection is closed. */
    void clear() {
        if (unfinished != null) {
            discard(unfinished);
            unfinished = null;
        }
        while (firstWaiting != null) {
            Command command = firstWaiting;
            removeFirst();
            discard(command);
        }
    }

    /** Frees what a command holds that nobody is going to be told of. */
    void discard(Command command) {
        discardPieces(command);
        if (command.live && command.complete()) {
            transmission.answered(command);
        }
    }

    /** Returns false if something of the command that is ready has to wait. */
    private boolean emit(Command command) {
        if (!mayEmit(command)) {
            return false;
        }
        if (command.type == Nbd.CMD_READ && command.error == 0) {
            return emitData(command);
        }
        if (command.type == Nbd.CMD_BLOCK_STATUS && command.error == 0) {
            return emitExtents(command);
        }
        return emitEnd(command);
    }

    private boolean emitData(Command command) {
        while (command.ended != null) {
            if (!outbox.hasRoom(Nbd.CHUNK_BYTES + Long.BYTES, 1)) {
                return false;
            }
            Piece piece = command.takeEnded();
            if (piece == null) {
                return true;
            }
            boolean last = command.complete() && command.ended == null;
            sendData(command, piece, last);
            transmission.recycle(piece);
            if (last) {
                unfinished = null;
                transmission.answered(command);
                return true;
            }
            if (command.inOrder) {
                unfinished = command;
            }
        }
        return true;
    }

    private void sendData(Command command, Piece piece, boolean last) {
        ReadBuffer buffer = java.util.Objects.requireNonNull(piece.buffer);
        piece.buffer = null;
        int bytes = (int) piece.request.length;
        ByteBuffer data = buffer.bytes.limit(bytes).position(0);
        boolean copy =
                bytes <= COPY_BYTES && outbox.hasRoom(Nbd.CHUNK_BYTES + Long.BYTES + bytes, 0);
        ByteBuffer out;
        if (structured) {
            int flags = last ? Nbd.REPLY_FLAG_DONE : 0;
            out = chunk(command, flags, Nbd.REPLY_OFFSET_DATA, Long.BYTES + bytes);
            out.putLong(piece.request.offset);
        } else if (command.headSent) {
            out = outbox.stage();
        } else {
            out = simple(command, 0);
        }
        command.headSent = true;
        command.nextOffset = piece.request.offset + bytes;
        if (copy) {
            out.put(data);
            outbox.staged();
            buffer.release();
        } else {
            outbox.staged();
            outbox.append(buffer);
        }
    }

    private boolean emitExtents(Command command) {
        Piece piece = command.ended;
        if (piece == null) {
            return true;
        }
        ExtentList extents = piece.extents;
        int count = Math.min(extents.size(), command.requestOne ? 1 : MAX_EXTENTS);
        if (count == 0) {
            command.fail(Nbd.EIO, null);
            discardPieces(command);
            return emitEnd(command);
        }
        int bytes = Integer.BYTES + count * 2 * Integer.BYTES;
        if (!outbox.hasRoom(Nbd.CHUNK_BYTES + bytes, 0)) {
            return false;
        }
        ByteBuffer out = chunk(command, Nbd.REPLY_FLAG_DONE, Nbd.REPLY_BLOCK_STATUS, bytes);
        out.putInt(MetaContext.BASE_ALLOCATION_ID);
        long left = command.length;
        for (int i = 0; i < count; i++) {
            long length = Math.min(left, extents.length(i));
            left -= length;
            out.putInt((int) length);
            out.putInt(extents.readsZero(i) ? Nbd.STATE_HOLE_AND_ZERO : 0);
        }
        outbox.staged();
        discard(command);
        return true;
    }

    private void discardPieces(Command command) {
        for (Piece piece = command.ended; piece != null; piece = command.ended) {
            command.ended = piece.next;
            ReadBuffer buffer = piece.buffer;
            if (buffer != null) {
                piece.buffer = null;
                buffer.release();
            }
            transmission.recycle(piece);
        }
    }

    private boolean emitEnd(Command command) {
        discardPieces(command);
        if (!command.complete()) {
            return true;
        }
        if (!structured && command.headSent) {
            // It stays unfinished: the client would take any other reply for the rest of its data.
            broken = "a read failed (errno " + command.error + ") after its reply had begun";
            return false;
        }
        if (!outbox.hasRoom(PLAIN_BYTES, 0)) {
            return false;
        }
        if (!structured) {
            simple(command, command.error);
            outbox.staged();
        } else if (command.error == 0) {
            chunk(command, Nbd.REPLY_FLAG_DONE, Nbd.REPLY_NONE, 0);
            outbox.staged();
        } else {
            error(command);
        }
        if (command == unfinished) {
            unfinished = null;
        }
        transmission.answered(command);
        return true;
    }

    private void error(Command command) {
        byte[] message = command.message;
        int length = message == null ? 0 : Math.min(message.length, PLAIN_BYTES / 2);
        ByteBuffer out =
                chunk(
                        command,
                        Nbd.REPLY_FLAG_DONE,
                        Nbd.REPLY_ERROR,
                        Integer.BYTES + Short.BYTES + length);
        out.putInt(command.error);
        out.putShort((short) length);
        if (message != null) {
            out.put(message, 0, length);
        }
        outbox.staged();
    }

    private ByteBuffer simple(Command command, int error) {
        ByteBuffer out = outbox.stage();
        out.putInt(Nbd.SIMPLE_REPLY_MAGIC);
        out.putInt(error);
        out.putLong(command.cookie);
        return out;
    }

    private ByteBuffer chunk(Command command, int flags, int type, int length) {
        ByteBuffer out = outbox.stage();
        out.putInt(Nbd.STRUCTURED_REPLY_MAGIC);
        out.putShort((short) flags);
        out.putShort((short) type);
        out.putLong(command.cookie);
        out.putInt(length);
        return out;
    }
}
