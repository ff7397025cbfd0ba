package dmctl.replog;

import dmctl.replog.Checkpoint.Coded;
import dmctl.replog.Checkpoint.ResyncPhase;
import dmctl.replog.Checkpoint.Role;
import dmctl.replog.Checkpoint.SiteEntry;
import dmctl.replog.Checkpoint.SiteState;
import dmctl.replog.Checkpoint.TermEntry;
import dmctl.replog.Checkpoint.TermKind;
import dmctl.replog.Envelope.Place;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads and writes checkpoints. */
public final class CheckpointCodec {
    static final long MAGIC = ReplogFormat.magic("DMCTLCKP");
    static final String STRUCTURE = "checkpoint";

    static final int MAGIC_OFFSET = Envelope.MAGIC_OFFSET;
    static final int FORMAT_VERSION_OFFSET = Envelope.FORMAT_VERSION_OFFSET;
    static final int MIN_READER_VERSION_OFFSET = Envelope.MIN_READER_VERSION_OFFSET;
    static final int PAYLOAD_BYTES_OFFSET = 12;
    static final int LOG_UUID_OFFSET = 16;
    static final int GENERATION_OFFSET = 32;
    static final int TAIL_POSITION_OFFSET = 40;
    static final int TAIL_SEQ_OFFSET = 48;
    static final int TAIL_CHAIN_OFFSET = 56;
    static final int ROLE_OFFSET = 60;
    static final int RESYNC_PHASE_OFFSET = 61;
    static final int RESERVED_OFFSET = 62;
    static final int END_POSITION_OFFSET = 64;
    static final int END_OPENING_OFFSET = 72;
    static final int FLUSHED_MARK_OFFSET = 80;
    static final int APPLIED_SEQ_OFFSET = 88;
    static final int RESYNC_NEED_SEQ_OFFSET = 96;
    static final int RESYNC_ID_OFFSET = 104;
    static final int RESYNC_BASE_SEQ_OFFSET = 112;
    static final int FORKED_AT_SEQ_OFFSET = 120;
    static final int PRIMARY_SITE_OFFSET = 128;
    static final int TERM_COUNT_OFFSET = 132;
    static final int SITE_COUNT_OFFSET = 136;
    static final int DEFINITION_BYTES_OFFSET = 140;
    static final int MAP_GENERATION_OFFSET = 144;
    static final int MAP_WITNESSES_OFFSET = 152;
    static final int RESERVED_2_OFFSET = 184;
    static final int CHECKSUM_OFFSET = 188;

    /** Bytes before the payload: terms, sites, definition. */
    static final int HEADER_BYTES = 192;

    static final int TERM_NUMBER_OFFSET = 0;
    static final int TERM_ID_OFFSET = 8;
    static final int TERM_PREVIOUS_LAST_SEQ_OFFSET = 16;
    static final int TERM_SITE_OFFSET = 24;
    static final int TERM_KIND_OFFSET = 28;
    static final int TERM_BYTES = 32;

    static final int SITE_SITE_NR_OFFSET = 0;
    static final int SITE_STATE_OFFSET = 4;
    static final int SITE_PAUSED_OFFSET = 5;
    static final int SITE_REASON_BYTES_OFFSET = 6;
    static final int SITE_DURABLE_SEQ_OFFSET = 8;
    static final int SITE_APPLIED_SEQ_OFFSET = 16;
    static final int SITE_BYTES = 24;

    private CheckpointCodec() {}

    /**
     * Size of a slot that will hold this much whatever the reasons say.
     *
     * @param terms terms to hold
     * @param sites sites to hold
     * @param definitionBytes bytes of the definition in UTF-8
     * @return bytes, a multiple of 4096
     */
    public static long bytesFor(int terms, int sites, int definitionBytes) {
        return ReplogFormat.roundUpToBlock(
                HEADER_BYTES
                        + (long) terms * TERM_BYTES
                        + (long) sites * (SITE_BYTES + Checkpoint.MAX_REASON_BYTES)
                        + definitionBytes);
    }

    /**
     * Terms that a slot is sure to hold: the inverse of {@link #bytesFor}.
     *
     * @param slotBytes size of the slot
     * @param sites sites to hold
     * @param definitionBytes bytes of the definition in UTF-8
     * @return how many, 0 if not even the rest fits
     */
    public static int termsFor(int slotBytes, int sites, int definitionBytes) {
        long rest =
                HEADER_BYTES
                        + (long) sites * (SITE_BYTES + Checkpoint.MAX_REASON_BYTES)
                        + definitionBytes;
        return (int) Math.max(0, (slotBytes / 4096 * 4096L - rest) / TERM_BYTES);
    }

    /**
     * Writes a checkpoint.
     *
     * @param checkpoint what to write
     * @param buf little-endian buffer
     * @param base where in it
     * @param slotBytes size of the slot
     * @param name name for messages
     * @return bytes written, a multiple of 4096; the rest of the slot may stay as it is
     * @throws SpaceException when it does not fit the slot, with the size needed; nothing is
     *     written
     */
    public static int encode(
            Checkpoint checkpoint, ByteBuffer buf, int base, int slotBytes, String name)
            throws SpaceException {
        byte[] definition = ShortText.bytes(checkpoint.definition());
        long payload = (long) checkpoint.terms().size() * TERM_BYTES + definition.length;
        for (SiteEntry site : checkpoint.sites()) {
            payload += SITE_BYTES + ShortText.bytes(site.pauseReason()).length;
        }
        long needed = ReplogFormat.roundUpToBlock(HEADER_BYTES + payload);
        if (needed > slotBytes) {
            throw new SpaceException(
                    name,
                    String.format(
                            Locale.ROOT,
                            "the checkpoint (%d terms, %d sites, definition of %d bytes)",
                            checkpoint.terms().size(),
                            checkpoint.sites().size(),
                            definition.length),
                    needed,
                    slotBytes,
                    "create the log with larger checkpoint slots");
        }
        ReplogFormat.zero(buf, base, base + (int) needed);
        boolean map = !checkpoint.map().equals(RegionMapMark.NONE);
        Envelope.put(buf, base, MAGIC, map ? Envelope.REGION_MAP_VERSION : ReplogFormat.VERSION);
        buf.putInt(base + PAYLOAD_BYTES_OFFSET, (int) payload);
        putHeader(checkpoint, definition.length, buf, base);
        int at = base + HEADER_BYTES;
        for (TermEntry term : checkpoint.terms()) {
            at = putTerm(term, buf, at);
        }
        for (SiteEntry site : checkpoint.sites()) {
            at = putSite(site, buf, at);
        }
        buf.put(at, definition);
        buf.putInt(base + CHECKSUM_OFFSET, sum(buf, base, (int) payload));
        return (int) needed;
    }

    private static void putHeader(
            Checkpoint checkpoint, int definitionBytes, ByteBuffer buf, int base) {
        Envelope.putUuid(buf, base + LOG_UUID_OFFSET, checkpoint.logUuid());
        buf.putLong(base + GENERATION_OFFSET, checkpoint.generation());
        buf.putLong(base + TAIL_POSITION_OFFSET, checkpoint.tailPosition());
        buf.putLong(base + TAIL_SEQ_OFFSET, checkpoint.tailSeq());
        buf.putInt(base + TAIL_CHAIN_OFFSET, checkpoint.tailChain());
        buf.put(base + ROLE_OFFSET, (byte) checkpoint.role().code());
        buf.put(base + RESYNC_PHASE_OFFSET, (byte) checkpoint.resyncPhase().code());
        buf.putLong(base + END_POSITION_OFFSET, checkpoint.endPosition());
        buf.putLong(base + END_OPENING_OFFSET, checkpoint.endOpening());
        buf.putLong(base + FLUSHED_MARK_OFFSET, checkpoint.flushedMark());
        buf.putLong(base + APPLIED_SEQ_OFFSET, checkpoint.appliedSeq());
        buf.putLong(base + RESYNC_NEED_SEQ_OFFSET, checkpoint.resyncNeedSeq());
        buf.putLong(base + RESYNC_ID_OFFSET, checkpoint.resyncId());
        buf.putLong(base + RESYNC_BASE_SEQ_OFFSET, checkpoint.resyncBaseSeq());
        buf.putLong(base + FORKED_AT_SEQ_OFFSET, checkpoint.forkedAtSeq());
        buf.putInt(base + PRIMARY_SITE_OFFSET, checkpoint.primarySite());
        buf.putInt(base + TERM_COUNT_OFFSET, checkpoint.terms().size());
        buf.putInt(base + SITE_COUNT_OFFSET, checkpoint.sites().size());
        buf.putInt(base + DEFINITION_BYTES_OFFSET, definitionBytes);
        buf.putLong(base + MAP_GENERATION_OFFSET, checkpoint.map().generation());
        for (int i = 0; i < RegionMapMark.GROUPS; i++) {
            buf.putInt(
                    base + MAP_WITNESSES_OFFSET + i * Integer.BYTES,
                    checkpoint.map().witnesses().get(i));
        }
    }

    private static int putTerm(TermEntry term, ByteBuffer buf, int at) {
        buf.putLong(at + TERM_NUMBER_OFFSET, term.number());
        buf.putLong(at + TERM_ID_OFFSET, term.id());
        buf.putLong(at + TERM_PREVIOUS_LAST_SEQ_OFFSET, term.previousLastSeq());
        buf.putInt(at + TERM_SITE_OFFSET, term.site());
        buf.putInt(at + TERM_KIND_OFFSET, term.kind().code());
        return at + TERM_BYTES;
    }

    private static int putSite(SiteEntry site, ByteBuffer buf, int at) {
        byte[] reason = ShortText.bytes(site.pauseReason());
        buf.putInt(at + SITE_SITE_NR_OFFSET, site.siteNr());
        buf.put(at + SITE_STATE_OFFSET, (byte) site.state().code());
        buf.put(at + SITE_PAUSED_OFFSET, (byte) (site.paused() ? 1 : 0));
        buf.putShort(at + SITE_REASON_BYTES_OFFSET, (short) reason.length);
        buf.putLong(at + SITE_DURABLE_SEQ_OFFSET, site.durableSeq());
        buf.putLong(at + SITE_APPLIED_SEQ_OFFSET, site.appliedSeq());
        buf.put(at + SITE_BYTES, reason);
        return at + SITE_BYTES + reason.length;
    }

    private static int sum(ByteBuffer buf, int base, int payloadBytes) {
        return new Crc()
                .begin()
                .add(buf, base, CHECKSUM_OFFSET)
                .add(buf, base + HEADER_BYTES, payloadBytes)
                .end();
    }

    /**
     * Reads a slot.
     *
     * @param buf little-endian buffer
     * @param base start of the slot in it
     * @param slotBytes size of the slot
     * @param origin offset in the log of the buffer's byte 0, for messages
     * @param logUuid the log it must belong to
     * @param name name for messages
     * @return the checkpoint
     * @throws NotOurFormatException no checkpoint is there
     * @throws DamagedException it is not as it was written
     * @throws WrongDeviceException it belongs to another log
     * @throws FormatTooOldException its version is not read any more
     * @throws FormatTooNewException its version is not read yet
     */
    public static Checkpoint decode(
            ByteBuffer buf, int base, int slotBytes, long origin, UUID logUuid, String name)
            throws NotOurFormatException,
                    DamagedException,
                    WrongDeviceException,
                    FormatTooOldException,
                    FormatTooNewException {
        Place place = new Place(buf, base, origin, name, STRUCTURE);
        Envelope.requireMagic(place, MAGIC, slotBytes);
        int payload = place.i32(PAYLOAD_BYTES_OFFSET);
        place.require(
                payload >= 0 && payload <= slotBytes - HEADER_BYTES,
                PAYLOAD_BYTES_OFFSET,
                "payloadBytes",
                "at most " + (slotBytes - HEADER_BYTES),
                payload);
        Envelope.requireChecksum(place, CHECKSUM_OFFSET, sum(buf, base, payload));
        Envelope.requireVersion(place);
        UUID actual = place.uuid(LOG_UUID_OFFSET);
        if (!actual.equals(logUuid)) {
            throw new WrongDeviceException(
                    name, place.at(LOG_UUID_OFFSET), STRUCTURE + " logUuid", logUuid, actual);
        }
        long generation = place.i64(GENERATION_OFFSET);
        place.require(generation > 0, GENERATION_OFFSET, "generation", "1 or more", generation);
        long tail = place.i64(TAIL_POSITION_OFFSET);
        place.require(
                tail >= 0 && tail <= Long.MAX_VALUE >> 1 && tail % ReplogFormat.BLOCK_BYTES == 0,
                TAIL_POSITION_OFFSET,
                "tailPosition",
                "a multiple of 4096",
                tail);
        long tailSeq = place.i64(TAIL_SEQ_OFFSET);
        place.require(
                tailSeq >= 0 && tailSeq < Long.MAX_VALUE,
                TAIL_SEQ_OFFSET,
                "tailSeq",
                "0 or more",
                tailSeq);
        Envelope.requireZero(place, RESERVED_OFFSET, END_POSITION_OFFSET);
        Envelope.requireZeroIfFirst(place, MAP_GENERATION_OFFSET, RESERVED_2_OFFSET);
        Envelope.requireZero(place, RESERVED_2_OFFSET, CHECKSUM_OFFSET);
        long map = place.i64(MAP_GENERATION_OFFSET);
        place.require(
                map >= RegionMapMark.NOT_KEPT,
                MAP_GENERATION_OFFSET,
                "mapGeneration",
                "-1 or more",
                map);
        return new Payload(place, payload).read();
    }

    /** Walks the payload of one checkpoint. */
    private static final class Payload {
        private final Place place;
        private final int end;
        private int at = HEADER_BYTES;

        Payload(Place place, int bytes) {
            this.place = place;
            this.end = HEADER_BYTES + bytes;
        }

        Checkpoint read() throws DamagedException {
            List<TermEntry> terms = terms();
            List<SiteEntry> sites = sites();
            int bytes = place.i32(DEFINITION_BYTES_OFFSET);
            place.require(
                    bytes == end - at, DEFINITION_BYTES_OFFSET, "definitionBytes", end - at, bytes);
            String definition = ShortText.read(place.buf(), place.base() + at, bytes);
            return new Checkpoint(
                    place.uuid(LOG_UUID_OFFSET),
                    place.i64(GENERATION_OFFSET),
                    place.i64(TAIL_POSITION_OFFSET),
                    place.i64(TAIL_SEQ_OFFSET),
                    place.i32(TAIL_CHAIN_OFFSET),
                    place.i64(END_POSITION_OFFSET),
                    place.i64(END_OPENING_OFFSET),
                    place.i64(FLUSHED_MARK_OFFSET),
                    place.i64(APPLIED_SEQ_OFFSET),
                    choice(Role.values(), ROLE_OFFSET, "role", place.u8(ROLE_OFFSET)),
                    place.i32(PRIMARY_SITE_OFFSET),
                    choice(
                            ResyncPhase.values(),
                            RESYNC_PHASE_OFFSET,
                            "resyncPhase",
                            place.u8(RESYNC_PHASE_OFFSET)),
                    place.i64(RESYNC_NEED_SEQ_OFFSET),
                    place.i64(RESYNC_ID_OFFSET),
                    place.i64(RESYNC_BASE_SEQ_OFFSET),
                    place.i64(FORKED_AT_SEQ_OFFSET),
                    map(),
                    terms,
                    sites,
                    definition);
        }

        private RegionMapMark map() {
            List<Integer> witnesses = new ArrayList<>(RegionMapMark.GROUPS);
            for (int i = 0; i < RegionMapMark.GROUPS; i++) {
                witnesses.add(place.i32(MAP_WITNESSES_OFFSET + i * Integer.BYTES));
            }
            return new RegionMapMark(place.i64(MAP_GENERATION_OFFSET), witnesses);
        }

        private List<TermEntry> terms() throws DamagedException {
            int count = count(TERM_COUNT_OFFSET, "termCount", TERM_BYTES);
            List<TermEntry> terms = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                int kindAt = at + TERM_KIND_OFFSET;
                terms.add(
                        new TermEntry(
                                place.i64(at + TERM_NUMBER_OFFSET),
                                place.i64(at + TERM_ID_OFFSET),
                                place.i64(at + TERM_PREVIOUS_LAST_SEQ_OFFSET),
                                place.i32(at + TERM_SITE_OFFSET),
                                choice(TermKind.values(), kindAt, "term kind", place.i32(kindAt))));
                at += TERM_BYTES;
            }
            return terms;
        }

        private List<SiteEntry> sites() throws DamagedException {
            int count = count(SITE_COUNT_OFFSET, "siteCount", SITE_BYTES);
            List<SiteEntry> sites = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                place.require(
                        at + SITE_BYTES <= end, at, "site", "inside the payload", "past its end");
                int reasonAt = at + SITE_REASON_BYTES_OFFSET;
                int reason = place.u16(reasonAt);
                int room = Math.min(Checkpoint.MAX_REASON_BYTES, end - at - SITE_BYTES);
                place.require(
                        reason <= room, reasonAt, "site reasonBytes", "at most " + room, reason);
                int paused = place.u8(at + SITE_PAUSED_OFFSET);
                place.require(
                        paused <= 1, at + SITE_PAUSED_OFFSET, "site paused", "0 or 1", paused);
                int stateAt = at + SITE_STATE_OFFSET;
                sites.add(
                        new SiteEntry(
                                place.i32(at + SITE_SITE_NR_OFFSET),
                                choice(
                                        SiteState.values(),
                                        stateAt,
                                        "site state",
                                        place.u8(stateAt)),
                                paused == 1,
                                place.i64(at + SITE_DURABLE_SEQ_OFFSET),
                                place.i64(at + SITE_APPLIED_SEQ_OFFSET),
                                ShortText.read(
                                        place.buf(), place.base() + at + SITE_BYTES, reason)));
                at += SITE_BYTES + reason;
            }
            return sites;
        }

        private int count(int offset, String field, int entryBytes) throws DamagedException {
            int count = place.i32(offset);
            int most = (end - at) / entryBytes;
            place.require(count >= 0 && count <= most, offset, field, "at most " + most, count);
            return count;
        }

        private <E extends Coded> E choice(E[] values, int offset, String field, int code)
                throws DamagedException {
            for (E value : values) {
                if (value.code() == code) {
                    return value;
                }
            }
            throw place.damaged(offset, field, "0 to " + (values.length - 1), code);
        }
    }

    /**
     * Reads both slots and takes the newer sound one. A blank slot was never written.
     *
     * @param buf little-endian buffer with both slots, one after the other
     * @param base start of the first slot in it
     * @param slotBytes size of a slot
     * @param origin offset in the log of the buffer's byte 0, for messages
     * @param logUuid the log they must belong to
     * @param name name for messages
     * @return the checkpoint, and what is wrong with the other slot
     * @throws ReplogException when neither slot is usable, or when a newer release wrote one
     */
    public static Chosen<Checkpoint> choose(
            ByteBuffer buf, int base, int slotBytes, long origin, UUID logUuid, String name)
            throws ReplogException {
        @Nullable Chosen<Checkpoint> chosen = null;
        @Nullable ReplogException fault = null;
        for (int slot = 0; slot < 2; slot++) {
            try {
                Checkpoint read =
                        decode(buf, base + slot * slotBytes, slotBytes, origin, logUuid, name);
                if (chosen == null || read.generation() > chosen.value().generation()) {
                    chosen = new Chosen<>(read, slot, null);
                }
            } catch (FormatTooNewException e) {
                throw e;
            } catch (ReplogException e) {
                boolean blank = e instanceof NotOurFormatException other && other.blank();
                fault = fault == null || !blank ? e : fault;
            }
        }
        if (chosen == null) {
            throw java.util.Objects.requireNonNull(fault);
        }
        boolean neverWritten = fault instanceof NotOurFormatException other && other.blank();
        return neverWritten ? chosen : new Chosen<>(chosen.value(), chosen.copy(), fault);
    }
}
