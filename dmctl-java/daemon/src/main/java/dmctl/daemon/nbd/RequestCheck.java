package dmctl.daemon.nbd;

import java.nio.charset.StandardCharsets;

/** Judges commands before the engine sees them. */
final class RequestCheck {
    static final byte[] NOT_SERVING = text("the group is not served here any more");
    private static final byte[] UNKNOWN = text("unknown or unsupported command");
    private static final byte[] FLAGS = text("flag is unknown or was not negotiated");
    private static final byte[] EMPTY = text("length is 0");
    private static final byte[] TOO_LONG = text("length is above the maximum of 32 MiB");
    private static final byte[] DF_TOO_LONG = text("length is above 512 KiB, cannot be one chunk");
    private static final byte[] FLUSH_RANGE = text("FLUSH takes no offset and no length");
    private static final byte[] NO_CONTEXT = text("no metadata context was negotiated");

    private final long size;
    private final int blockSize;
    private final boolean structured;
    private final boolean blockStatus;
    private final byte[] offGrid;
    private final byte[] pastEnd;

    RequestCheck(Export export, boolean structured, boolean blockStatus) {
        this.size = export.sizeBytes();
        this.blockSize = export.blockSize();
        this.structured = structured;
        this.blockStatus = blockStatus;
        offGrid = text("offset or length is not a multiple of the block size " + blockSize);
        pastEnd = text("range ends behind the export's " + size + " bytes");
    }

    private static byte[] text(String words) {
        return words.getBytes(StandardCharsets.UTF_8);
    }

    /** Sets the error of a command that must not be carried out. */
    void check(Command command, int flags) {
        int allowed = allowedFlags(command.type);
        if (allowed < 0) {
            command.fail(Nbd.EINVAL, UNKNOWN);
        } else if ((flags & ~allowed) != 0) {
            command.fail(Nbd.EINVAL, FLAGS);
        } else if (command.type == Nbd.CMD_FLUSH) {
            if (command.offset != 0 || command.length != 0) {
                command.fail(Nbd.EINVAL, FLUSH_RANGE);
            }
        } else if (command.type == Nbd.CMD_BLOCK_STATUS && !blockStatus) {
            command.fail(Nbd.EINVAL, NO_CONTEXT);
        } else {
            checkRange(command, flags);
        }
    }

    private int allowedFlags(int type) {
        return switch (type) {
            case Nbd.CMD_READ -> Nbd.CMD_FLAG_FUA | (structured ? Nbd.CMD_FLAG_DF : 0);
            case Nbd.CMD_WRITE, Nbd.CMD_TRIM, Nbd.CMD_FLUSH -> Nbd.CMD_FLAG_FUA;
            case Nbd.CMD_WRITE_ZEROES -> Nbd.CMD_FLAG_FUA | Nbd.CMD_FLAG_NO_HOLE;
            case Nbd.CMD_BLOCK_STATUS -> Nbd.CMD_FLAG_FUA | Nbd.CMD_FLAG_REQ_ONE;
            default -> -1;
        };
    }

    private void checkRange(Command command, int flags) {
        long offset = command.offset;
        long length = command.length;
        boolean payload = command.type == Nbd.CMD_READ || command.type == Nbd.CMD_WRITE;
        if (length == 0) {
            command.fail(Nbd.EINVAL, EMPTY);
        } else if (payload && length > Nbd.MAX_PAYLOAD) {
            command.fail(Nbd.EINVAL, TOO_LONG);
        } else if (offset < 0 || offset > size || length > size - offset) {
            boolean fills = command.type == Nbd.CMD_WRITE || command.type == Nbd.CMD_WRITE_ZEROES;
            command.fail(fills ? Nbd.ENOSPC : Nbd.EINVAL, pastEnd);
        } else if (((offset | length) & (blockSize - 1)) != 0) {
            command.fail(Nbd.EINVAL, offGrid);
        } else if ((flags & Nbd.CMD_FLAG_DF) != 0
                && command.type == Nbd.CMD_READ
                && length > Transmission.PIECE_BYTES) {
            command.fail(Nbd.EOVERFLOW, DF_TOO_LONG);
        }
    }
}
