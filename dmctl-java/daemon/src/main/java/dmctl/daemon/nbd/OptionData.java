package dmctl.daemon.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Fields of an option's data; once it is found malformed, everything else reads as nothing. */
final class OptionData {
    private final ByteBuffer data;
    private boolean valid = true;

    OptionData(byte[] data) {
        this.data = ByteBuffer.wrap(data);
    }

    /** Whether all fields read so far were there. */
    boolean isValid() {
        return valid;
    }

    /** Whether all fields were there, and nothing behind them. */
    boolean isWhole() {
        return valid && !data.hasRemaining();
    }

    int unsignedShort() {
        return has(Short.BYTES) ? data.getShort() & 0xffff : 0;
    }

    long unsignedInt() {
        return has(Integer.BYTES) ? data.getInt() & 0xffffffffL : 0;
    }

    /**
     * A string behind its length, or null if it is malformed or longer than the protocol allows.
     */
    @Nullable String string() {
        long length = unsignedInt();
        if (length > Nbd.MAX_STRING || !has(length)) {
            valid = false;
            return null;
        }
        byte[] bytes = new byte[(int) length];
        data.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private boolean has(long bytes) {
        valid &= data.remaining() >= bytes;
        return valid;
    }
}
