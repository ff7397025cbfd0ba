package dmctl.daemon.nbd;

import org.jspecify.annotations.Nullable;

/** A request of a client until its reply is in the outbox. Pooled per connection. */
final class Command {
    long cookie;
    int type;
    boolean requestOne;

    /** A READ that was cut and is answered by one simple reply: its data must stay in order. */
    boolean inOrder;

    long offset;

    /** Bytes. */
    long length;

    /** 0, or the first errno. */
    int error;

    /** Why, for structured replies. */
    byte @Nullable [] message;

    /** Pieces at the engine. */
    int underWay;

    /** Whether all pieces were given to the engine. */
    boolean given;

    /** Whether the head of a simple reply is out, so that an error can no more be told. */
    boolean headSent;

    /** READ: offset of the data to be sent next, if in order. */
    long nextOffset;

    /** Pieces of a READ that have ended and are not sent. */
    @Nullable Piece ended;

    /** Queue of those that found no room in the outbox; free list. */
    @Nullable Command next;

    boolean queued;

    /** From its header until it is answered. */
    boolean live;

    void reset() {
        requestOne = false;
        inOrder = false;
        error = 0;
        message = null;
        underWay = 0;
        given = false;
        headSent = false;
        ended = null;
    }

    boolean complete() {
        return given && underWay == 0;
    }

    void fail(int errno, byte @Nullable [] why) {
        if (error == 0) {
            error = Nbd.wireError(errno);
            message = why;
        }
    }

    /** Takes the piece to be sent next out of the ended ones. */
    @Nullable Piece takeEnded() {
        Piece before = null;
        Piece piece = ended;
        while (piece != null && inOrder && piece.request.offset != nextOffset) {
            before = piece;
            piece = piece.next;
        }
        if (piece == null) {
            return null;
        }
        if (before == null) {
            ended = piece.next;
        } else {
            before.next = piece.next;
        }
        piece.next = null;
        return piece;
    }

    void addEnded(Piece piece) {
        piece.next = ended;
        ended = piece;
    }
}
