package dmctl.daemon.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The handshake of one connection: fixed newstyle, without TLS. */
final class Handshake {
    /** Longest option that is looked at; longer ones are drained. */
    private static final int MAX_OPTION_BYTES = 64 << 10;

    /** Longest option that is drained. */
    private static final long MAX_DRAINED_BYTES = 1 << 20;

    private static final int MAX_OPTIONS = 256;
    private static final int OPTION_HEAD_BYTES = 16;

    private enum State {
        FLAGS,
        OPTION,
        DATA,
        DRAIN,
        OVER
    }

    private final Connection connection;
    private final ExportTable exports;
    private State state = State.FLAGS;
    private boolean fixed;
    private boolean noZeroes;
    private boolean structured;
    private @Nullable Export contextExport;
    private int option;
    private long remaining;
    private int options;

    Handshake(Connection connection) {
        this.connection = connection;
        this.exports = connection.server.exports;
    }

    void greet() {
        ByteBuffer greeting = ByteBuffer.allocate(18);
        greeting.putLong(Nbd.MAGIC).putLong(Nbd.OPTION_MAGIC);
        greeting.putShort((short) (Nbd.FLAG_FIXED_NEWSTYLE | Nbd.FLAG_NO_ZEROES));
        connection.outbox.put(greeting.array());
    }

    /** Bytes in a row without which nothing more can be parsed. */
    int neededBytes() {
        return switch (state) {
            case FLAGS -> Integer.BYTES;
            case OPTION -> OPTION_HEAD_BYTES;
            case DATA -> (int) remaining;
            default -> 1;
        };
    }

    /** Parses what is there; at its end the connection may have gone on to transmission. */
    void parse(ByteBuffer input) {
        boolean more = true;
        while (more && state != State.OVER) {
            more =
                    input.remaining() >= neededBytes()
                            && switch (state) {
                                case FLAGS -> flags(input);
                                case OPTION -> optionHead(input);
                                case DATA -> data(input);
                                case DRAIN -> drain(input);
                                case OVER -> false;
                            };
        }
    }

    private boolean flags(ByteBuffer input) {
        int flags = input.getInt();
        if ((flags & ~(Nbd.FLAG_FIXED_NEWSTYLE | Nbd.FLAG_NO_ZEROES)) != 0) {
            return end("unknown handshake flags 0x" + Integer.toHexString(flags));
        }
        fixed = (flags & Nbd.FLAG_FIXED_NEWSTYLE) != 0;
        noZeroes = (flags & Nbd.FLAG_NO_ZEROES) != 0;
        state = State.OPTION;
        return true;
    }

    private boolean optionHead(ByteBuffer input) {
        if (connection.outbox.isBacklogged()) {
            connection.resumeWhenSent();
            return false;
        }
        long magic = input.getLong();
        option = input.getInt();
        remaining = input.getInt() & 0xffffffffL;
        if (magic != Nbd.OPTION_MAGIC) {
            return end("bad magic of an option: 0x" + Long.toHexString(magic));
        }
        if (++options > MAX_OPTIONS) {
            return end("more than " + MAX_OPTIONS + " options");
        }
        if (remaining > MAX_DRAINED_BYTES) {
            return end("option " + option + " of " + remaining + " bytes");
        }
        if (!fixed && option != Nbd.OPT_EXPORT_NAME) {
            return end("option " + option + " without fixed newstyle");
        }
        if (option == Nbd.OPT_EXPORT_NAME && remaining > Nbd.MAX_STRING) {
            return end("export name of " + remaining + " bytes");
        }
        if (!isKnown(option)) {
            reply(Nbd.REP_ERR_UNSUP, "option " + option + " is not supported");
            state = State.DRAIN;
        } else if (remaining > MAX_OPTION_BYTES) {
            reply(Nbd.REP_ERR_TOO_BIG, "option data above " + MAX_OPTION_BYTES + " bytes");
            state = State.DRAIN;
        } else {
            state = State.DATA;
        }
        return true;
    }

    private static boolean isKnown(int option) {
        return switch (option) {
            case Nbd.OPT_EXPORT_NAME,
                    Nbd.OPT_ABORT,
                    Nbd.OPT_LIST,
                    Nbd.OPT_STARTTLS,
                    Nbd.OPT_INFO,
                    Nbd.OPT_GO,
                    Nbd.OPT_STRUCTURED_REPLY,
                    Nbd.OPT_LIST_META_CONTEXT,
                    Nbd.OPT_SET_META_CONTEXT ->
                    true;
            default -> false;
        };
    }

    private boolean drain(ByteBuffer input) {
        int bytes = (int) Math.min(remaining, input.remaining());
        input.position(input.position() + bytes);
        remaining -= bytes;
        if (remaining == 0) {
            state = State.OPTION;
        }
        return true;
    }

    private boolean data(ByteBuffer input) {
        byte[] data = new byte[(int) remaining];
        input.get(data);
        state = State.OPTION;
        switch (option) {
            case Nbd.OPT_EXPORT_NAME -> exportName(new String(data, StandardCharsets.UTF_8));
            case Nbd.OPT_GO, Nbd.OPT_INFO -> info(new OptionData(data));
            case Nbd.OPT_LIST_META_CONTEXT, Nbd.OPT_SET_META_CONTEXT ->
                    metaContext(new OptionData(data));
            default -> bare(data.length);
        }
        return true;
    }

    /** Options without data. */
    private void bare(int length) {
        if (option == Nbd.OPT_ABORT) {
            reply(Nbd.REP_ACK, "");
            state = State.OVER;
            connection.disconnect();
        } else if (length != 0) {
            reply(Nbd.REP_ERR_INVALID, "option " + option + " takes no data");
        } else if (option == Nbd.OPT_LIST) {
            list();
        } else if (option == Nbd.OPT_STRUCTURED_REPLY) {
            structured = true;
            reply(Nbd.REP_ACK, "");
        } else {
            // The place of TLS: from here the socket would be handed to an SSLEngine, after
            // forgetting all that was negotiated or received in the clear.
            reply(Nbd.REP_ERR_UNSUP, "this server has no TLS");
        }
    }

    private void list() {
        for (Export export : exports.all()) {
            byte[] name = export.name().getBytes(StandardCharsets.UTF_8);
            ByteBuffer body = ByteBuffer.allocate(Integer.BYTES + name.length);
            reply(Nbd.REP_SERVER, body.putInt(name.length).put(name).array());
        }
        reply(Nbd.REP_ACK, "");
    }

    private void exportName(String name) {
        Export export = exports.find(name);
        String refusal =
                export == null ? exports.notFound(name) : connection.server.refusal(connection);
        if (export == null || refusal != null) {
            end("" + refusal); // this old option has no error reply
            return;
        }
        ByteBuffer reply = ByteBuffer.allocate(noZeroes ? 10 : 134);
        reply.putLong(export.sizeBytes()).putShort((short) transmissionFlags());
        connection.outbox.put(reply.array());
        transmit(export);
    }

    private void info(OptionData data) {
        String name = data.string();
        List<Integer> asked = new ArrayList<>();
        int count = data.unsignedShort();
        for (int i = 0; i < count && data.isValid(); i++) {
            asked.add(data.unsignedShort());
        }
        if (name == null || !data.isWhole()) {
            reply(Nbd.REP_ERR_INVALID, "malformed option " + option);
            return;
        }
        Export export = exports.find(name);
        if (export == null) {
            reply(Nbd.REP_ERR_UNKNOWN, exports.notFound(name));
            return;
        }
        String refusal = connection.server.refusal(connection);
        if (refusal != null) {
            reply(Nbd.REP_ERR_POLICY, refusal);
            return;
        }
        describe(export, asked);
        reply(Nbd.REP_ACK, "");
        if (option == Nbd.OPT_GO) {
            transmit(export);
        }
    }

    private void describe(Export export, List<Integer> asked) {
        ByteBuffer body = ByteBuffer.allocate(12);
        body.putShort((short) Nbd.INFO_EXPORT).putLong(export.sizeBytes());
        reply(Nbd.REP_INFO, body.putShort((short) transmissionFlags()).array());
        if (asked.contains(Nbd.INFO_NAME)) {
            info(Nbd.INFO_NAME, export.name());
        }
        if (asked.contains(Nbd.INFO_DESCRIPTION)) {
            info(Nbd.INFO_DESCRIPTION, "device " + export.devNr() + " of group " + export.group());
        }
        // Said without being asked, too: requests off the grid are refused.
        body = ByteBuffer.allocate(14).putShort((short) Nbd.INFO_BLOCK_SIZE);
        body.putInt(export.blockSize()).putInt(4096).putInt(Nbd.MAX_PAYLOAD);
        reply(Nbd.REP_INFO, body.array());
    }

    private void info(int type, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer body = ByteBuffer.allocate(Short.BYTES + bytes.length);
        reply(Nbd.REP_INFO, body.putShort((short) type).put(bytes).array());
    }

    private void metaContext(OptionData data) {
        boolean listing = option == Nbd.OPT_LIST_META_CONTEXT;
        if (!listing) {
            contextExport = null;
        }
        String name = data.string();
        long queries = data.unsignedInt();
        boolean selected = listing && queries == 0;
        for (long i = 0; i < queries && data.isValid(); i++) {
            String query = data.string();
            selected |= query != null && MetaContext.selects(query, listing);
        }
        if (name == null || !data.isWhole()) {
            reply(Nbd.REP_ERR_INVALID, "malformed option " + option);
            return;
        }
        if (!structured) {
            reply(Nbd.REP_ERR_INVALID, "metadata contexts need structured replies");
            return;
        }
        Export export = exports.find(name);
        if (export == null) {
            reply(Nbd.REP_ERR_UNKNOWN, exports.notFound(name));
            return;
        }
        if (selected) {
            byte[] context = MetaContext.BASE_ALLOCATION.getBytes(StandardCharsets.UTF_8);
            ByteBuffer body = ByteBuffer.allocate(Integer.BYTES + context.length);
            body.putInt(listing ? 0 : MetaContext.BASE_ALLOCATION_ID).put(context);
            reply(Nbd.REP_META_CONTEXT, body.array());
            if (!listing) {
                contextExport = export;
            }
        }
        reply(Nbd.REP_ACK, "");
    }

    private int transmissionFlags() {
        return Nbd.TX_HAS_FLAGS
                | Nbd.TX_SEND_FLUSH
                | Nbd.TX_SEND_FUA
                | Nbd.TX_SEND_TRIM
                | Nbd.TX_SEND_WRITE_ZEROES
                | Nbd.TX_CAN_MULTI_CONN
                | (structured ? Nbd.TX_SEND_DF : 0);
    }

    private void transmit(Export export) {
        state = State.OVER;
        boolean blockStatus = export.equals(contextExport);
        connection.transmit(new Transmission(connection, export, structured, blockStatus));
    }

    private boolean end(String reason) {
        state = State.OVER;
        connection.close(reason);
        return false;
    }

    private void reply(int type, String message) {
        reply(type, message.getBytes(StandardCharsets.UTF_8));
    }

    private void reply(int type, byte[] body) {
        int length = type < 0 ? Math.min(body.length, Nbd.MAX_STRING) : body.length;
        ByteBuffer reply = ByteBuffer.allocate(20 + length);
        reply.putLong(Nbd.OPTION_REPLY_MAGIC).putInt(option).putInt(type).putInt(length);
        connection.outbox.put(reply.put(body, 0, length).array());
    }
}
