package dmctl.tools.replog;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Writes a log as the dm-replicator driver did, from the description of its format alone: it shares
 * no offset with the code that reads it.
 */
final class LegacyDriver {
    private static final int SECTOR = 512;
    private static final int SLOT = 4096;
    private static final int CRC_ON_64_BIT = 0xb9129483;
    private static final int BUFFER_CRC_ON_64_BIT = 0x2ec04d0b;

    final ByteBuffer device;
    private final int startSector;
    private final int start;
    private final int end;
    private final Deque<Integer> entries = new ArrayDeque<>();
    private int head;
    private int tail;
    private int free;
    private boolean full;

    /** A log at a sector of its device, of a size in sectors. */
    LegacyDriver(int startSector, int sectors) {
        this.startSector = startSector;
        device =
                ByteBuffer.allocate((startSector + sectors) * SECTOR)
                        .order(ByteOrder.LITTLE_ENDIAN);
        start = (startSector + 16) * SECTOR;
        end = (startSector + sectors) * SECTOR;
        head = start;
        tail = start;
        free = end - start;
        int at = startSector * SECTOR;
        magic(at, "dm-replicatorHJM", CRC_ON_64_BIT);
        device.putShort(at + 24, (short) 1);
        device.putLong(at + 26, sectors);
        device.putLong(at + 34, startSector + 8);
        device.put(at + 42, "ringbuffer".getBytes(StandardCharsets.US_ASCII));
        writeBufferHeader();
    }

    private void magic(int at, String magic, int crc) {
        device.put(at, magic.getBytes(StandardCharsets.US_ASCII));
        device.putInt(at + 16, crc);
    }

    private void writeBufferHeader() {
        int at = bufferHeader();
        magic(at, "dm-replbufferHJM", BUFFER_CRC_ON_64_BIT);
        device.putLong(at + 20, start);
        device.putLong(at + 28, head);
        device.putLong(at + 36, tail);
        device.putLong(at + 44, full ? 0x40 : 0);
    }

    int bufferHeader() {
        return (startSector + 8) * SECTOR;
    }

    int head() {
        return head;
    }

    /** Adds a write; false, and the log is full, when there is no room. */
    boolean append(long dev, long offset, byte[] data, long slinkBits) {
        int room = (data.length + SLOT - 1) / SLOT * SLOT;
        int header = tail;
        int dataAt = header + SLOT;
        int wrap = 0;
        int skipped = 0;
        if (room > end - dataAt) {
            wrap = 1;
            skipped = end - dataAt;
            dataAt = start;
        }
        int next = dataAt + room;
        if (wrap == 0 && end - next < SLOT) {
            wrap = 2;
            skipped = end - next;
            next = start;
        }
        int needed = SLOT + room + skipped;
        if (needed > free) {
            full = true;
            writeBufferHeader();
            return false;
        }
        magic(header, "dm-replicdataHJM", CRC_ON_64_BIT);
        device.putInt(header + 20, 0xdeadbeef);
        device.putLong(header + 24, dev);
        device.putLong(header + 32, offset);
        device.putLong(header + 40, data.length);
        device.putLong(header + 48, header);
        device.putLong(header + 56, dataAt);
        device.put(header + 64, (byte) 1);
        device.put(header + 65, (byte) wrap);
        device.putLong(header + 256, slinkBits);
        // Only words of configured links are kept; the rest is what the buffer held.
        device.putLong(header + 504, 0x5a5a5a5a5a5a5a5aL);
        device.put(dataAt, data);
        free -= needed;
        entries.add(needed);
        tail = next;
        if (free == 0) {
            full = true;
        }
        writeBufferHeader();
        return true;
    }

    /** Gives the space of the oldest entries back. */
    void release(int count) {
        for (int i = 0; i < count; i++) {
            free += entries.remove();
            int dataAt = (int) device.getLong(head + 56);
            int bytes = ((int) device.getLong(head + 40) + SLOT - 1) / SLOT * SLOT;
            head = device.get(head + 65) == 2 ? start : dataAt + bytes;
        }
        full = false;
        writeBufferHeader();
    }
}
