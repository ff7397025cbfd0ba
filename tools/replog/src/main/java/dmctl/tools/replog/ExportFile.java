package dmctl.tools.replog;

import dmctl.replog.Body;
import dmctl.replog.Crc;
import dmctl.replog.ExportHeader;
import dmctl.replog.Frame;
import dmctl.replog.FrameFault;
import dmctl.replog.NotOurFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** Records that were cut off a log: a header, then frames as they stood there. */
final class ExportFile implements Source {
    private final LogFile file;
    private final ExportHeader header;
    private final ByteBuffer head =
            ByteBuffer.allocateDirect(Frame.HEAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final Crc crc = new Crc();

    ExportFile(LogFile file, ExportHeader header) {
        this.file = file;
        this.header = header;
    }

    /** Is given each sound frame, and a reader whose positions are the frames' own. */
    private interface Visitor {
        void frame(ByteBuffer head, FrameData data) throws IOException;
    }

    /** Visits frames up to the first that is not sound; returns false if there is such a one. */
    private boolean walk(Report report, boolean readData, Visitor visitor) throws IOException {
        long end = ExportHeader.BYTES + header.frameBytesTotal();
        long at = ExportHeader.BYTES;
        long seq = header.firstSeq();
        long chain = Frame.ANY_CHAIN;
        if (file.size() < end) {
            report.damage("export header frameBytesTotal", file.size(), "the file ends here");
            return false;
        }
        file.read(at, head, Frame.HEAD_BYTES);
        long hi = Frame.logUuidHi(head, 0);
        long lo = Frame.logUuidLo(head, 0);
        long first = Frame.position(head, 0);
        // The frame at position p stands at p - first + 4096: no ring, so one that never wraps.
        FrameData data = new FrameData(file, ExportHeader.BYTES - first, Long.MAX_VALUE);
        while (at < end) {
            file.read(at, head, Frame.HEAD_BYTES);
            long position = first + at - ExportHeader.BYTES;
            FrameFault fault = Frame.check(head, 0, hi, lo, position, chain, crc);
            if (fault == FrameFault.NONE && Frame.frameBytes(head, 0) > end - at) {
                fault = FrameFault.BAD_LENGTH;
            }
            if (fault != FrameFault.NONE) {
                report.damage("frame at position " + position, at, "frame head is " + fault);
                return false;
            }
            long firstSeq = Body.firstSeq(head, Frame.BODY_OFFSET);
            if (firstSeq != seq && (Frame.flags(head, 0) & Frame.GAP) == 0) {
                report.damage("frame firstSeq", at, firstSeq + ", must be " + seq);
                return false;
            }
            int bad = readData ? data.firstBadRecord(head) : -1;
            if (bad >= 0) {
                report.damage(
                        "data of record seq " + (firstSeq + bad),
                        at + Frame.HEAD_BYTES + Body.dataOffset(head, Frame.BODY_OFFSET, bad),
                        "has not its dataCrc");
                return false;
            }
            visitor.frame(head, data);
            seq = Body.lastSeq(head, Frame.BODY_OFFSET) + 1;
            chain = Integer.toUnsignedLong(Frame.checksum(head, 0));
            at += Frame.frameBytes(head, 0);
        }
        if (seq != header.lastSeq() + 1) {
            report.damage(
                    "export header lastSeq", 0, header.lastSeq() + ", frames end at " + (seq - 1));
            return false;
        }
        return true;
    }

    @Override
    public void dump(Report report, boolean all) throws IOException {
        report.line("dmctl export %s, %d bytes", file.name(), file.size());
        report.line(
                "export group=%s site=%s seq=%d..%d frameBytes=%d created=%s reason: %s",
                header.groupUuid(),
                header.siteUuid(),
                header.firstSeq(),
                header.lastSeq(),
                header.frameBytesTotal(),
                FrameText.time(header.createdMicros()),
                header.reason());
        if (walk(report, false, (frame, data) -> FrameText.print(report, frame))) {
            report.line("end");
        }
    }

    @Override
    public void check(Report report) throws IOException {
        if (walk(report, true, (frame, data) -> {})) {
            report.line("export holds seq %d to %d", header.firstSeq(), header.lastSeq());
        }
    }

    @Override
    public Statistics stat() throws IOException, NotOurFormatException {
        Statistics counts =
                new Statistics()
                        .put("kind", "export")
                        .put("group", header.groupUuid())
                        .put("site", header.siteUuid())
                        .put("reason", header.reason());
        Report silent = new Report(new java.io.PrintWriter(java.io.Writer.nullWriter()));
        boolean sound = walk(silent, false, (frame, data) -> counts.add(frame));
        return counts.put("sound", sound);
    }

    @Override
    public void export(Path dir, Report report, int slink) throws IOException {
        try (DeviceImages images = new DeviceImages(dir)) {
            walk(report, true, images::addBatch);
            images.report(report);
        }
    }
}
