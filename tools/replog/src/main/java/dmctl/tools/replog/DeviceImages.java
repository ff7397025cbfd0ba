package dmctl.tools.replog;

import dmctl.replog.Body;
import dmctl.replog.Frame;
import dmctl.replog.LegacyEntry;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * For each device a sparse image with its entries written in order, {@code dev-N.img}, and a list
 * of them, {@code dev-N.txt}. A line of the list: sequence in the log, kind, offset and length in
 * bytes, sites it is pending for. Files that are there already are not touched.
 */
final class DeviceImages implements AutoCloseable {
    private static final int ZEROES = 1 << 20;

    private final Path dir;
    private final Map<Long, Device> devices = new TreeMap<>();
    private final ByteBuffer zeroes = ByteBuffer.allocateDirect(ZEROES);

    /** The two files of one device. */
    private static final class Device {
        final FileChannel image;
        final BufferedWriter list;
        long entries;
        long bytes;

        Device(FileChannel image, BufferedWriter list) {
            this.image = image;
            this.list = list;
        }
    }

    DeviceImages(Path dir) throws IOException {
        this.dir = Files.createDirectories(dir);
    }

    private Device device(long devNr) throws IOException {
        Device device = devices.get(devNr);
        if (device == null) {
            FileChannel image =
                    FileChannel.open(
                            dir.resolve("dev-" + devNr + ".img"),
                            StandardOpenOption.CREATE_NEW,
                            StandardOpenOption.SPARSE,
                            StandardOpenOption.WRITE);
            BufferedWriter list =
                    Files.newBufferedWriter(
                            dir.resolve("dev-" + devNr + ".txt"),
                            StandardCharsets.UTF_8,
                            StandardOpenOption.CREATE_NEW,
                            StandardOpenOption.WRITE);
            device = new Device(image, list);
            devices.put(devNr, device);
        }
        return device;
    }

    private Device list(long devNr, long number, String kind, long offset, long bytes, String rest)
            throws IOException {
        Device device = device(devNr);
        device.entries++;
        device.bytes += bytes;
        device.list.write(
                String.format(Locale.ROOT, "%d %s %d %d%s%n", number, kind, offset, bytes, rest));
        return device;
    }

    /** Writes the records of a batch. */
    void addBatch(ByteBuffer head, FrameData data) throws IOException {
        int body = Frame.BODY_OFFSET;
        long dataStart = Frame.position(head, 0) + Frame.HEAD_BYTES;
        for (int i = 0; i < Body.count(head, body); i++) {
            int type = Body.type(head, body, i);
            if (type == Body.MARK || type == Body.CHANGE) {
                continue;
            }
            long offset = Body.sector(head, body, i) * 512;
            long bytes = Integer.toUnsignedLong(Body.sectorCount(head, body, i)) * 512;
            Device device =
                    list(
                            Integer.toUnsignedLong(Body.devNr(head, body, i)),
                            Body.firstSeq(head, body) + i,
                            FrameText.type(type),
                            offset,
                            bytes,
                            "");
            if (type == Body.WRITE) {
                Cursor cursor = new Cursor(device.image, offset);
                data.read(dataStart + Body.dataOffset(head, body, i), bytes, cursor);
            } else {
                zero(device.image, offset, bytes);
            }
        }
    }

    /** Writes one entry of the original driver's. */
    void addEntry(long number, LegacyEntry entry, String pending, FrameData data)
            throws IOException {
        Device device = list(entry.devNr(), number, "WRITE", entry.offset(), entry.size(), pending);
        data.read(entry.dataAt(), entry.size(), new Cursor(device.image, entry.offset()));
    }

    /** Writes pieces one behind the other. */
    private static final class Cursor implements FrameData.Pieces {
        private final FileChannel image;
        private long at;

        Cursor(FileChannel image, long at) {
            this.image = image;
            this.at = at;
        }

        @Override
        public void piece(ByteBuffer buf, int bytes) throws IOException {
            buf.clear().limit(bytes);
            while (buf.hasRemaining()) {
                at += image.write(buf, at);
            }
            buf.clear();
        }
    }

    /** What was never written is a hole already; only what was is overwritten. */
    private void zero(FileChannel image, long offset, long bytes) throws IOException {
        long end = Math.min(offset + bytes, image.size());
        Cursor cursor = new Cursor(image, offset);
        while (cursor.at < end) {
            cursor.piece(zeroes, (int) Math.min(ZEROES, end - cursor.at));
        }
    }

    void report(Report report) {
        devices.forEach((devNr, device) ->
                report.line(
                        "device %d: %d entries, %d bytes in %s",
                        devNr, device.entries, device.bytes, dir.resolve("dev-" + devNr + ".img")));
        if (devices.isEmpty()) {
            report.line("nothing is pending");
        }
    }

    @Override
    public void close() throws IOException {
        for (Device device : devices.values()) {
            device.list.close();
            device.image.close();
        }
    }
}
