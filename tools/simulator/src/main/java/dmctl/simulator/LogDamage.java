package dmctl.simulator;

import dmctl.replog.Body;
import dmctl.replog.Crc;
import dmctl.replog.Frame;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What befalls a log at rest, or through the fault of a writer. */
enum LogDamage {
    FLIPPED_BIT,
    UNREADABLE,
    LOST_WRITE,
    NEWER_VERSION,
    OTHER_LOG,
    OTHER_LAP,
    OTHER_CHAIN,
    EARLIER_OPENING,
    SEQ_JUMP;

    /** Which frame is hit. */
    enum Where {
        /** One that something written later says to be durable: it must be missed. */
        DURABLE,
        /** One that no flush has covered: nobody can tell it from a torn end. */
        UNFLUSHED
    }

    private static final List<LogDamage> ALL = List.of(values());

    /** With these bytes every structure begins, and nothing that the load writes. */
    private static final byte[] MAGICS_BEGIN = "DMCTL".getBytes(StandardCharsets.US_ASCII);

    private static final int VERSION_OFFSET = 8;
    private static final int TRIES = 8;
    private static final int MAP_OFFSET_OFFSET = 136;
    private static final int MAP_PAGES_OFFSET = 144;

    static LogDamage any(SimRandom random) {
        return ALL.get(random.below(ALL.size()));
    }

    /**
     * Does it to a log.
     *
     * @return false if nothing was written there that it could be done to
     */
    boolean inflict(SimDisk log, Where where, SimRandom random) {
        DiskWrite write =
                where == Where.DURABLE ? witnessedWrite(log, random) : log.unflushedWrite(random);
        if (write == null) {
            return false;
        }
        return switch (this) {
            case FLIPPED_BIT -> flip(log, write, random);
            case UNREADABLE -> {
                log.faults.badPage = write.firstPage();
                yield true;
            }
            case LOST_WRITE -> log.undo(write);
            default -> forge(log, write);
        };
    }

    /**
     * Does it to a page of the region map.
     *
     * @return false if the log has no map, or this befalls frames only
     */
    boolean inflictOnMap(SimDisk log, SimRandom random) {
        ByteBuffer superblock = littleEndian(log.content.get(0));
        int pages = superblock.getInt(MAP_PAGES_OFFSET);
        if (pages == 0) {
            return false;
        }
        int page =
                (int) (superblock.getLong(MAP_OFFSET_OFFSET) / Pages.BYTES)
                        + random.below(2 * pages);
        switch (this) {
            case FLIPPED_BIT -> {
                byte[] changed = log.content.get(page).clone();
                changed[random.below(Pages.BYTES)] ^= (byte) (1 << random.below(8));
                log.content.set(page, changed);
            }
            case LOST_WRITE -> log.content.set(page, new byte[Pages.BYTES]);
            case UNREADABLE -> log.faults.badPage = page;
            default -> {
                return false;
            }
        }
        return true;
    }

    private static @Nullable DiskWrite witnessedWrite(SimDisk log, SimRandom random) {
        for (int i = 0; i < TRIES; i++) {
            DiskWrite write = log.flushedWrite(random);
            if (write != null && hasWitness(log, write)) {
                return write;
            }
        }
        return null;
    }

    /**
     * Whether a write is still there whole, and something written later, whole too, says that all
     * its frames were durable, and the one behind them, whose chain what is changed here may break.
     * Of a checkpoint nothing has to say so: the other one takes its place, or what is missing then
     * is missed.
     */
    private static boolean hasWitness(SimDisk log, DiskWrite write) {
        boolean inFrontOfRing = isOther(write);
        long last = inFrontOfRing ? -1 : lastSeq(log, write);
        boolean witness = inFrontOfRing;
        for (DiskWrite later : log.writesAfter(write)) {
            if (later.overlaps(write.offset, write.length)) {
                return false;
            }
            witness |= flushedMark(later) > last && isThere(log, later);
        }
        return witness;
    }

    /** Whether a power cut has left a write whole. */
    private static boolean isThere(SimDisk log, DiskWrite write) {
        for (int page = write.firstPage(); page <= write.lastPage(); page++) {
            if (!Pages.same(log.content.get(page), write.part(page))) {
                return false;
            }
        }
        return true;
    }

    /** Whether a write is of a superblock, a checkpoint or cursors. */
    private static boolean isOther(DiskWrite write) {
        byte[] head = write.part(write.firstPage());
        return Arrays.equals(MAGICS_BEGIN, Arrays.copyOf(head, MAGICS_BEGIN.length))
                && !Frame.hasMagic(littleEndian(head), 0);
    }

    /** The last seq of the frames of a write, or of the frame that it is the wrapped end of. */
    private static long lastSeq(SimDisk log, DiskWrite write) {
        if (Frame.hasMagic(littleEndian(write.part(write.firstPage())), 0)) {
            return lastSeq(write);
        }
        for (int page = log.content.count() - 1; page > write.lastPage(); page--) {
            ByteBuffer frame = littleEndian(log.content.get(page));
            if (Frame.hasMagic(frame, 0)) {
                return Body.lastSeq(frame, Frame.BODY_OFFSET);
            }
        }
        return Long.MAX_VALUE;
    }

    /** The last seq of the frames of a write that begins with one. */
    private static long lastSeq(DiskWrite write) {
        long last = -1;
        int page = write.firstPage();
        while (page <= write.lastPage()) {
            ByteBuffer frame = littleEndian(write.part(page));
            if (!Frame.hasMagic(frame, 0)) {
                break;
            }
            last = Body.lastSeq(frame, Frame.BODY_OFFSET);
            page += Frame.frameBytes(frame, 0) / Pages.BYTES;
        }
        return last;
    }

    private static long flushedMark(DiskWrite write) {
        ByteBuffer frame = littleEndian(write.part(write.firstPage()));
        return Frame.hasMagic(frame, 0) ? Frame.flushedMark(frame, 0) : -1;
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static boolean flip(SimDisk log, DiskWrite write, SimRandom random) {
        // Heads are small, and most of a head is unused.
        int most = random.oneIn(2) ? Frame.HEADER_BYTES : write.length;
        int at = write.offset + random.below(most);
        int page = at / Pages.BYTES;
        byte[] changed = log.content.get(page).clone();
        changed[at % Pages.BYTES] ^= (byte) (1 << random.below(8));
        log.content.set(page, changed);
        return true;
    }

    /** Puts another frame in the place of the one that a write begins with. */
    private boolean forge(SimDisk log, DiskWrite write) {
        int page = write.firstPage();
        byte[] head = log.content.get(page).clone();
        ByteBuffer frame = littleEndian(head);
        if (!Frame.hasMagic(frame, 0)) {
            return false;
        }
        if (this == NEWER_VERSION) {
            frame.putShort(VERSION_OFFSET, (short) (Frame.version(frame, 0) + 1));
        } else {
            if (this == SEQ_JUMP) {
                shiftSeq(frame);
            }
            Frame.putHeader(
                    frame,
                    0,
                    Frame.flags(frame, 0),
                    Frame.frameBytes(frame, 0),
                    Frame.logUuidHi(frame, 0) ^ (this == OTHER_LOG ? 1 : 0),
                    Frame.logUuidLo(frame, 0),
                    Frame.position(frame, 0) - (this == OTHER_LAP ? 1 << 20 : 0),
                    this == EARLIER_OPENING ? 0 : Frame.opening(frame, 0),
                    Frame.flushedMark(frame, 0),
                    Frame.chain(frame, 0) ^ (this == OTHER_CHAIN ? 1 : 0));
            Frame.seal(frame, 0, new Crc());
        }
        log.content.set(page, head);
        return true;
    }

    private static void shiftSeq(ByteBuffer frame) {
        int body = Frame.BODY_OFFSET;
        Body.put(
                frame,
                body,
                Body.termNumber(frame, body),
                Body.termId(frame, body),
                Body.firstSeq(frame, body) + 7,
                Body.count(frame, body),
                Body.dataBytes(frame, body),
                Body.timeMicros(frame, body));
        Body.seal(frame, body, new Crc());
    }
}
