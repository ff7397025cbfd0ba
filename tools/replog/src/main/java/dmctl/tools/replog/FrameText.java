package dmctl.tools.replog;

import dmctl.replog.Body;
import dmctl.replog.Frame;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** Frames and records as lines. */
final class FrameText {
    private FrameText() {}

    static String time(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS).toString();
    }

    static String frame(ByteBuffer head) {
        int body = Frame.BODY_OFFSET;
        return String.format(
                Locale.ROOT,
                "frame position=%d bytes=%d seq=%d..%d term=%d/%016x opening=%d flushed=%d%s"
                        + " time=%s chain=%08x checksum=%08x",
                Frame.position(head, 0),
                Frame.frameBytes(head, 0),
                Body.firstSeq(head, body),
                Body.lastSeq(head, body),
                Body.termNumber(head, body),
                Body.termId(head, body),
                Frame.opening(head, 0),
                Frame.flushedMark(head, 0),
                (Frame.flags(head, 0) & Frame.GAP) != 0 ? " GAP" : "",
                time(Body.timeMicros(head, body)),
                Frame.chain(head, 0),
                Frame.checksum(head, 0));
    }

    static String record(ByteBuffer head, int index) {
        int body = Frame.BODY_OFFSET;
        int flags = Body.flags(head, body, index);
        String data =
                Body.dataBytes(head, body, index) == 0
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                " data=%d+%d crc=%08x",
                                Body.dataOffset(head, body, index),
                                Body.dataBytes(head, body, index),
                                Body.dataCrc(head, body, index));
        return String.format(
                Locale.ROOT,
                "  record seq=%d %s dev=%d sector=%d count=%d%s%s%s",
                Body.firstSeq(head, body) + index,
                type(Body.type(head, body, index)),
                Body.devNr(head, body, index),
                Body.sector(head, body, index),
                Body.sectorCount(head, body, index),
                (flags & Body.FUA) != 0 ? " FUA" : "",
                (flags & Body.MORE) != 0 ? " MORE" : "",
                data);
    }

    static String type(int type) {
        return switch (type) {
            case Body.WRITE -> "WRITE";
            case Body.DISCARD -> "DISCARD";
            case Body.WRITE_ZEROES -> "WRITE_ZEROES";
            case Body.MARK -> "MARK";
            case Body.CHANGE -> "CHANGE";
            default -> "type " + type;
        };
    }

    static void print(Report report, ByteBuffer head) {
        report.line("%s", frame(head));
        for (int i = 0; i < Body.count(head, Frame.BODY_OFFSET); i++) {
            report.line("%s", record(head, i));
        }
    }
}
