package dmctl.replog;

import dmctl.replog.Envelope.Place;
import java.nio.ByteBuffer;

/** Reads and writes superblocks. */
public final class SuperblockCodec {
    /** Bytes of a superblock. */
    public static final int BYTES = 4096;

    static final long MAGIC = ReplogFormat.magic("DMCTLRLG");
    static final String STRUCTURE = "superblock";

    static final int MAGIC_OFFSET = Envelope.MAGIC_OFFSET;
    static final int FORMAT_VERSION_OFFSET = Envelope.FORMAT_VERSION_OFFSET;
    static final int MIN_READER_VERSION_OFFSET = Envelope.MIN_READER_VERSION_OFFSET;
    static final int RESERVED_OFFSET = 12;
    static final int GENERATION_OFFSET = 16;
    static final int LOG_UUID_OFFSET = 24;
    static final int GROUP_UUID_OFFSET = 40;
    static final int SITE_UUID_OFFSET = 56;
    static final int TOTAL_BYTES_OFFSET = 72;
    static final int RING_OFFSET_OFFSET = 80;
    static final int RING_BYTES_OFFSET = 88;
    static final int CHECKPOINT_OFFSET_OFFSET = 96;
    static final int CHECKPOINT_BYTES_OFFSET = 104;
    static final int BLOCK_SIZE_OFFSET = 108;
    static final int OPENING_OFFSET = 112;
    static final int CREATED_MICROS_OFFSET = 120;
    static final int CLEAN_OFFSET = 128;
    static final int RESERVED_2_OFFSET = 129;
    static final int MAP_OFFSET_OFFSET = 136;
    static final int MAP_PAGES_OFFSET = 144;
    static final int RESERVED_3_OFFSET = 148;
    static final int COPY_OFFSET = 4091;
    static final int CHECKSUM_OFFSET = 4092;

    private SuperblockCodec() {}

    /**
     * Writes one copy.
     *
     * @param superblock what to write
     * @param copy which copy: 0 or 1
     * @param buf little-endian buffer
     * @param base where in it; {@link #BYTES} are written
     */
    public static void encode(Superblock superblock, int copy, ByteBuffer buf, int base) {
        ReplogFormat.zero(buf, base, base + BYTES);
        LogLayout layout = superblock.layout();
        boolean map = layout.mapPages() > 0;
        // A release that does not know the map must not look for the ring where it stands.
        Envelope.put(buf, base, MAGIC, map ? Envelope.REGION_MAP_VERSION : ReplogFormat.VERSION);
        buf.putLong(base + GENERATION_OFFSET, superblock.generation());
        Envelope.putUuid(buf, base + LOG_UUID_OFFSET, superblock.logUuid());
        Envelope.putUuid(buf, base + GROUP_UUID_OFFSET, superblock.groupUuid());
        Envelope.putUuid(buf, base + SITE_UUID_OFFSET, superblock.siteUuid());
        buf.putLong(base + TOTAL_BYTES_OFFSET, layout.totalBytes());
        buf.putLong(base + RING_OFFSET_OFFSET, layout.ringOffset());
        buf.putLong(base + RING_BYTES_OFFSET, layout.ringBytes());
        buf.putLong(base + CHECKPOINT_OFFSET_OFFSET, layout.checkpointOffset());
        buf.putInt(base + CHECKPOINT_BYTES_OFFSET, layout.checkpointBytes());
        buf.putInt(base + BLOCK_SIZE_OFFSET, superblock.blockSize());
        buf.putLong(base + OPENING_OFFSET, superblock.opening());
        buf.putLong(base + CREATED_MICROS_OFFSET, superblock.createdMicros());
        buf.put(base + CLEAN_OFFSET, (byte) (superblock.clean() ? 1 : 0));
        buf.putLong(base + MAP_OFFSET_OFFSET, layout.mapOffset());
        buf.putInt(base + MAP_PAGES_OFFSET, layout.mapPages());
        buf.put(base + COPY_OFFSET, (byte) copy);
        buf.putInt(base + CHECKSUM_OFFSET, new Crc().of(buf, base, COPY_OFFSET));
    }

    /**
     * Reads one copy.
     *
     * @param buf little-endian buffer, its byte 0 standing for byte 0 of the log
     * @param base where in it
     * @param name name for messages
     * @return the superblock
     * @throws NotOurFormatException no superblock is there
     * @throws DamagedException it is not as it was written
     * @throws FormatTooOldException its version is not read any more
     * @throws FormatTooNewException its version is not read yet
     */
    public static Superblock decode(ByteBuffer buf, int base, String name)
            throws NotOurFormatException,
                    DamagedException,
                    FormatTooOldException,
                    FormatTooNewException {
        Place place = new Place(buf, base, 0, name, STRUCTURE);
        Envelope.requireMagic(place, MAGIC, BYTES);
        Envelope.requireChecksum(place, CHECKSUM_OFFSET, new Crc().of(buf, base, COPY_OFFSET));
        Envelope.requireVersion(place);
        int clean = place.u8(CLEAN_OFFSET);
        place.require(clean <= 1, CLEAN_OFFSET, "clean", "0 or 1", clean);
        int copy = place.u8(COPY_OFFSET);
        place.require(copy <= 1, COPY_OFFSET, "copy", "0 or 1", copy);
        int blockSize = place.i32(BLOCK_SIZE_OFFSET);
        place.require(
                blockSize == 512 || blockSize == 4096,
                BLOCK_SIZE_OFFSET,
                "blockSize",
                "512 or 4096",
                blockSize);
        long generation = place.i64(GENERATION_OFFSET);
        place.require(generation > 0, GENERATION_OFFSET, "generation", "1 or more", generation);
        Envelope.requireZero(place, RESERVED_OFFSET, GENERATION_OFFSET);
        Envelope.requireZero(place, RESERVED_2_OFFSET, MAP_OFFSET_OFFSET);
        Envelope.requireZeroIfFirst(place, MAP_OFFSET_OFFSET, RESERVED_3_OFFSET);
        Envelope.requireZero(place, RESERVED_3_OFFSET, COPY_OFFSET);
        return new Superblock(
                generation,
                place.uuid(LOG_UUID_OFFSET),
                place.uuid(GROUP_UUID_OFFSET),
                place.uuid(SITE_UUID_OFFSET),
                layout(place),
                blockSize,
                place.i64(OPENING_OFFSET),
                clean == 1,
                place.i64(CREATED_MICROS_OFFSET));
    }

    private static LogLayout layout(Place place) throws DamagedException {
        LogLayout layout =
                new LogLayout(
                        place.i64(TOTAL_BYTES_OFFSET),
                        place.i64(CHECKPOINT_OFFSET_OFFSET),
                        place.i32(CHECKPOINT_BYTES_OFFSET),
                        place.i64(MAP_OFFSET_OFFSET),
                        place.i32(MAP_PAGES_OFFSET),
                        place.i64(RING_OFFSET_OFFSET),
                        place.i64(RING_BYTES_OFFSET));
        int block = ReplogFormat.BLOCK_BYTES;
        int slot = layout.checkpointBytes();
        place.require(
                layout.checkpointOffset() == LogLayout.CHECKPOINT_OFFSET,
                CHECKPOINT_OFFSET_OFFSET,
                "checkpointOffset",
                LogLayout.CHECKPOINT_OFFSET,
                layout.checkpointOffset());
        place.require(
                slot >= block && slot <= LogLayout.MAX_CHECKPOINT_BYTES && slot % block == 0,
                CHECKPOINT_BYTES_OFFSET,
                "checkpointBytes",
                "a multiple of 4096 up to " + LogLayout.MAX_CHECKPOINT_BYTES,
                slot);
        int pages = layout.mapPages();
        place.require(
                pages >= 0 && pages <= LogLayout.MAX_MAP_PAGES,
                MAP_PAGES_OFFSET,
                "mapPages",
                "at most " + LogLayout.MAX_MAP_PAGES,
                pages);
        long mapOffset = pages == 0 ? 0 : layout.checkpointOffset() + 2L * slot;
        place.require(
                layout.mapOffset() == mapOffset,
                MAP_OFFSET_OFFSET,
                "mapOffset",
                mapOffset,
                layout.mapOffset());
        long ringOffset = layout.checkpointOffset() + 2L * slot + 2L * block * pages;
        place.require(
                layout.ringOffset() == ringOffset,
                RING_OFFSET_OFFSET,
                "ringOffset",
                ringOffset,
                layout.ringOffset());
        long ringBytes = layout.ringBytes();
        place.require(
                ringBytes >= LogLayout.MIN_RING_BYTES
                        && ringBytes % block == 0
                        && layout.totalBytes() >= ringOffset
                        && ringBytes <= layout.totalBytes() - ringOffset,
                RING_BYTES_OFFSET,
                "ringBytes",
                "a multiple of 4096 that ends within totalBytes",
                ringBytes);
        return layout;
    }

    /**
     * Reads both copies and takes the newer sound one.
     *
     * @param buf little-endian buffer with the first 8192 bytes of the log from its byte 0
     * @param name name for messages
     * @return the superblock, and what is wrong with the other copy
     * @throws ReplogException when neither copy is sound (the first copy's fault, or the second's
     *     where the first is not ours), when a copy is too new, or when they belong to two logs
     */
    public static Chosen<Superblock> choose(ByteBuffer buf, String name) throws ReplogException {
        return switch (new Copies(read(buf, 0, name), read(buf, 1, name))) {
            case Copies(Sound first, Sound second) ->
                    newer(first.superblock(), second.superblock(), name);
            case Copies(Sound first, Faulty second) ->
                    new Chosen<>(first.superblock(), 0, second.fault());
            case Copies(Faulty first, Sound second) ->
                    new Chosen<>(second.superblock(), 1, first.fault());
            case Copies(Faulty first, Faulty second) ->
                    throw first.fault() instanceof NotOurFormatException
                            ? second.fault()
                            : first.fault();
        };
    }

    private sealed interface Copy {}

    private record Sound(Superblock superblock) implements Copy {}

    private record Faulty(ReplogException fault) implements Copy {}

    private record Copies(Copy first, Copy second) {}

    private static Copy read(ByteBuffer buf, int copy, String name) throws FormatTooNewException {
        try {
            return new Sound(decode(buf, copy * BYTES, name));
        } catch (FormatTooNewException e) {
            // Even beside an older sound copy: a newer release has begun to use this log.
            throw e;
        } catch (ReplogException e) {
            return new Faulty(e);
        }
    }

    private static Chosen<Superblock> newer(Superblock first, Superblock second, String name)
            throws DamagedException {
        if (!first.logUuid().equals(second.logUuid())) {
            throw new DamagedException(
                    name,
                    BYTES + LOG_UUID_OFFSET,
                    "second superblock logUuid",
                    first.logUuid() + " as in the first (a creation cut short: create again)",
                    second.logUuid().toString());
        }
        return second.generation() > first.generation()
                ? new Chosen<>(second, 1, null)
                : new Chosen<>(first, 0, null);
    }
}
