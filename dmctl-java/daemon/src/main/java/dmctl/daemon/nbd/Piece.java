package dmctl.daemon.nbd;

import dmctl.engine.port.ExtentList;
import dmctl.engine.port.Request;
import org.jspecify.annotations.Nullable;

/** A request to the engine: a whole command or a part of a long one. Pooled per connection. */
final class Piece {
    final Request request = new Request();
    final ExtentList extents = new ExtentList();

    /** The command it belongs to, while in use. */
    @Nullable Command command;

    /** READ: where the data is. */
    @Nullable ReadBuffer buffer;

    /** Free list, or the ended pieces of a command. */
    @Nullable Piece next;

    Piece(Request.Done done) {
        request.owner = this;
        request.done = done;
    }
}
