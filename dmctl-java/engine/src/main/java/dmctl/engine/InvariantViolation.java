package dmctl.engine;

import java.io.Serial;

/**
 * The engine found itself in a state that must never be. Nothing it holds in memory can be trusted
 * from then on: its owner stops the group and recovers it from the log. Input, however bad, never
 * causes this.
 */
public final class InvariantViolation extends IllegalStateException {
    @Serial private static final long serialVersionUID = 1L;

    InvariantViolation(String message) {
        super(message);
    }
}
