package dmctl.daemon.nbd;

import dmctl.engine.port.FrontEnd;
import dmctl.engine.port.Request;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The transmission phase of one connection: cuts commands out of the received bytes in place and
 * gives them to the engine. A WRITE goes there when its last byte is here; longer ones go in
 * pieces.
 */
final class Transmission extends ReadAccount implements Request.Done {
    /** The most bytes given to the engine at a time, and in one chunk of a reply. */
    static final int PIECE_BYTES = ReadBuffers.SLAB_BYTES;

    /** The most bytes of one BLOCK_STATUS that are looked at; clients ask for the rest. */
    private static final long STATUS_BYTES = 256L << 20;

    private enum State {
        HEADER,
        PAYLOAD,
        SKIP,
        READ,
        STOPPED
    }

    final Replies replies;
    private final Connection connection;
    private final FrontEnd frontEnd;
    private final ReadBuffers buffers;
    private final Export export;
    private final RequestCheck check;
    private final boolean structured;
    private final int limit;
    private final ByteBuffer payload;

    private State state = State.HEADER;
    private @Nullable Command current;
    private boolean currentFua;
    private long pieceOffset;
    private long remaining;

    private @Nullable Piece freePieces;
    private @Nullable Command freeCommands;
    private int pieces;
    private int unanswered;
    private int unansweredReads;
    private boolean untaken;
    private boolean blocked;
    private boolean closed;

    Transmission(Connection connection, Export export, boolean structured, boolean blockStatus) {
        super(connection.buffers().reserve());
        this.connection = connection;
        this.frontEnd = connection.server.frontEnd;
        this.buffers = connection.server.readBuffers;
        this.limit = connection.server.limits.requestsPerConnection();
        this.export = export;
        this.structured = structured;
        this.check = new RequestCheck(export, structured, blockStatus);
        this.payload = connection.input.duplicate();
        this.replies = new Replies(connection.outbox, structured, this);
    }

    /** Bytes in a row without which nothing more can be parsed. */
    int neededBytes() {
        return switch (state) {
            case HEADER -> Nbd.REQUEST_BYTES;
            case PAYLOAD -> (int) Math.min(remaining, PIECE_BYTES);
            default -> 1;
        };
    }

    /** Whether it waits for something else than bytes, so that nothing should be received. */
    boolean blocked() {
        return blocked;
    }

    /** Whether nothing of this connection is under way. */
    boolean idle() {
        return unanswered == 0 && !untaken;
    }

    int unanswered() {
        return unanswered;
    }

    /** Whether the client stopped in the middle of a command. */
    boolean midCommand() {
        return state == State.PAYLOAD || state == State.SKIP;
    }

    /** Whether a command has begun and is not given to the engine whole. */
    boolean midway() {
        return midCommand() || state == State.READ;
    }

    void stop() {
        state = State.STOPPED;
        blocked = false;
    }

    /** Parses and submits what is there. */
    void parse(ByteBuffer input) {
        blocked = false;
        boolean more = true;
        while (more && !untaken) {
            more =
                    switch (state) {
                        case HEADER -> header(input);
                        case PAYLOAD -> writePiece(input);
                        case SKIP -> skip(input);
                        case READ -> readPiece();
                        case STOPPED -> false;
                    };
        }
        blocked |= untaken && state != State.STOPPED;
    }

    private boolean header(ByteBuffer input) {
        if (input.remaining() < Nbd.REQUEST_BYTES) {
            return false;
        }
        if (unanswered >= limit || !pieceLeft()) {
            blocked = true;
            return false;
        }
        if (connection.finishing()) {
            connection.end();
            return false;
        }
        int at = input.position();
        int magic = input.getInt(at);
        if (magic != Nbd.REQUEST_MAGIC) {
            connection.close("bad magic of a request: 0x" + Integer.toHexString(magic));
            return false;
        }
        int type = input.getShort(at + 6) & 0xffff;
        long length = input.getInt(at + 24) & 0xffffffffL;
        input.position(at + Nbd.REQUEST_BYTES);
        if (type == Nbd.CMD_DISC) {
            connection.disconnect();
            return false;
        }
        if (type == Nbd.CMD_WRITE && length > 2L * Nbd.MAX_PAYLOAD) {
            connection.close("a WRITE of " + length + " bytes; at most " + Nbd.MAX_PAYLOAD);
            return false;
        }
        int flags = input.getShort(at + 4) & 0xffff;
        begin(type, flags, input.getLong(at + 8), input.getLong(at + 16), length);
        return true;
    }

    private void begin(int type, int flags, long cookie, long offset, long length) {
        Command command = takeCommand();
        command.type = type;
        unansweredReads += type == Nbd.CMD_READ ? 1 : 0;
        command.cookie = cookie;
        command.offset = offset;
        command.length = length;
        command.requestOne = (flags & Nbd.CMD_FLAG_REQ_ONE) != 0;
        remaining = length;
        if (!frontEnd.serving()) {
            command.fail(Nbd.ESHUTDOWN, RequestCheck.NOT_SERVING);
        } else {
            check.check(command, flags);
        }
        if (command.error != 0) {
            if (type == Nbd.CMD_WRITE) {
                state = State.SKIP;
            }
            command.given = true;
            replies.ready(command);
            connection.touch();
            return;
        }
        currentFua = (flags & Nbd.CMD_FLAG_FUA) != 0;
        pieceOffset = offset;
        switch (type) {
            case Nbd.CMD_WRITE -> {
                current = command;
                state = State.PAYLOAD;
            }
            case Nbd.CMD_READ -> {
                current = command;
                command.inOrder = !structured && length > PIECE_BYTES;
                command.nextOffset = offset;
                state = State.READ;
            }
            default -> submitWhole(command, flags);
        }
    }

    private void submitWhole(Command command, int flags) {
        Piece piece = takePiece();
        Request request = prepare(piece, command, command.length);
        switch (command.type) {
            case Nbd.CMD_FLUSH -> request.op = Request.Op.FLUSH;
            case Nbd.CMD_BLOCK_STATUS -> {
                request.op = Request.Op.EXTENTS;
                request.length = Math.min(command.length, STATUS_BYTES);
                piece.extents.clear();
                request.extents = piece.extents;
            }
            default -> {
                request.op = Request.Op.ZERO;
                request.fua = currentFua;
                request.unmap = command.type == Nbd.CMD_TRIM || (flags & Nbd.CMD_FLAG_NO_HOLE) == 0;
            }
        }
        command.given = true;
        submit(request);
    }

    private boolean writePiece(ByteBuffer input) {
        int bytes = (int) Math.min(remaining, PIECE_BYTES);
        if (input.remaining() < bytes) {
            return false;
        }
        if (!pieceLeft()) {
            blocked = true;
            return false;
        }
        Command command = java.util.Objects.requireNonNull(current);
        Request request = prepare(takePiece(), command, bytes);
        request.op = Request.Op.WRITE;
        int at = input.position();
        request.data = payload.limit(at + bytes).position(at);
        input.position(at + bytes);
        // The engine's log is durable up to a FUA record: on the last piece it covers them all.
        request.fua = advance(command, bytes) && currentFua;
        submit(request);
        return true;
    }

    private boolean readPiece() {
        Command command = java.util.Objects.requireNonNull(current);
        // Its data could not be sent in order if earlier reads held the buffers it needs.
        boolean mustWait = command.inOrder && pieceOffset == command.offset && unansweredReads > 1;
        int bytes = (int) Math.min(remaining, PIECE_BYTES);
        if (mustWait || !pieceLeft()) {
            blocked = true;
            return false;
        }
        ReadBuffer buffer = buffers.take(bytes, this);
        if (buffer == null) {
            blocked = true;
            return false;
        }
        Piece piece = takePiece();
        piece.buffer = buffer;
        Request request = prepare(piece, command, bytes);
        request.op = Request.Op.READ;
        request.data = buffer.bytes;
        advance(command, bytes);
        submit(request);
        return true;
    }

    private boolean skip(ByteBuffer input) {
        int bytes = (int) Math.min(remaining, input.remaining());
        input.position(input.position() + bytes);
        remaining -= bytes;
        if (remaining == 0) {
            state = State.HEADER;
        }
        return bytes > 0 || remaining == 0;
    }

    /** Goes on behind a piece; returns true if it was the last of its command. */
    private boolean advance(Command command, int bytes) {
        remaining -= bytes;
        pieceOffset += bytes;
        if (remaining > 0) {
            return false;
        }
        command.given = true;
        current = null;
        state = State.HEADER;
        return true;
    }

    private Request prepare(Piece piece, Command command, long length) {
        piece.command = command;
        command.underWay++;
        Request request = piece.request;
        request.devNr = export.devNr();
        request.offset = pieceOffset;
        request.length = length;
        request.fua = false;
        request.unmap = false;
        request.data = null;
        request.extents = null;
        request.error = 0;
        return request;
    }

    private void submit(Request request) {
        connection.server.submitted++;
        if (!frontEnd.submit(request)) {
            untaken = true;
        }
    }

    @Override
    public void requestTaken(Request request) {
        untaken = false;
        if (closed) {
            connection.leaveIfIdle();
        } else {
            connection.touch();
        }
    }

    @Override
    public void requestDone(Request request) {
        Piece piece = (Piece) java.util.Objects.requireNonNull(request.owner);
        Command command = java.util.Objects.requireNonNull(piece.command);
        command.underWay--;
        if (request.error != 0) {
            command.fail(request.error, null);
        }
        boolean answer = request.op == Request.Op.READ || request.op == Request.Op.EXTENTS;
        if (answer) {
            command.addEnded(piece);
        } else {
            recycle(piece);
        }
        if (closed) {
            replies.discard(command);
            connection.leaveIfIdle();
        } else {
            if (answer || command.complete()) {
                replies.ready(command);
            }
            connection.touch();
        }
    }

    @Override
    void freed() {
        if (blocked) {
            connection.touch();
        }
    }

    @Override
    void served() {
        connection.resume();
        connection.touch();
    }

    private boolean pieceLeft() {
        return freePieces != null || pieces < limit;
    }

    private Piece takePiece() {
        Piece piece = freePieces;
        if (piece == null) {
            pieces++;
            return new Piece(this);
        }
        freePieces = piece.next;
        piece.next = null;
        return piece;
    }

    void recycle(Piece piece) {
        piece.command = null;
        piece.request.data = null;
        piece.next = freePieces;
        freePieces = piece;
        if (blocked) {
            connection.touch();
        }
    }

    private Command takeCommand() {
        unanswered++;
        Command command = freeCommands;
        if (command == null) {
            command = new Command();
        } else {
            freeCommands = command.next;
            command.next = null;
        }
        command.reset();
        command.live = true;
        return command;
    }

    /** The reply of a command is in the outbox, or nobody wants it any more. */
    void answered(Command command) {
        command.live = false;
        unanswered--;
        if (command.type == Nbd.CMD_READ) {
            unansweredReads--;
        }
        command.next = freeCommands;
        freeCommands = command;
        if (blocked) {
            connection.touch();
        }
    }

    /** The connection is closed: nothing more is parsed, what is under way ends unheard. */
    void close() {
        stop();
        closed = true;
        wantedBytes = 0;
        Command half = current;
        current = null;
        if (half != null) {
            half.given = true;
            half.fail(Nbd.EIO, null);
        }
        // First: answered, half would be in the free list, and what waits behind it out of reach.
        replies.clear();
        if (half != null) {
            replies.discard(half);
        }
    }
}
