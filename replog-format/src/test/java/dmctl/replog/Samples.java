package dmctl.replog;

import dmctl.replog.Checkpoint.SiteEntry;
import dmctl.replog.Checkpoint.SiteState;
import dmctl.replog.Checkpoint.TermEntry;
import dmctl.replog.Checkpoint.TermKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/** Structures with known content, for tests. */
final class Samples {
    static final UUID LOG = new UUID(0x0102030405060708L, 0x090a0b0c0d0e0f10L);
    static final UUID GROUP = new UUID(0x1112131415161718L, 0x191a1b1c1d1e1f20L);
    static final UUID SITE = new UUID(0x2122232425262728L, 0x292a2b2c2d2e2f30L);
    static final long TIME = 1_795_257_600_000_000L;

    private Samples() {}

    static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static ByteBuffer random(int bytes, long seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Two writes, a discard and a mark without data; returns the frame's checksum. */
    static int frame(
            ByteBuffer buf,
            int base,
            long position,
            long firstSeq,
            long flushedMark,
            int chain,
            Crc crc) {
        int body = base + Frame.BODY_OFFSET;
        int data = base + Frame.HEAD_BYTES;
        int dataBytes = 4096 + 1024;
        for (int i = 0; i < dataBytes; i++) {
            buf.put(data + i, (byte) (i * 31L + firstSeq));
        }
        Body.put(buf, body, 3, 0x5eed5eed5eed5eedL, firstSeq, 4, dataBytes, TIME + firstSeq);
        Body.putDescriptor(
                buf, body, 0, Body.WRITE, 0, 1, 8 * firstSeq, 8, 0, crc.of(buf, data, 4096));
        Body.putDescriptor(
                buf, body, 1, Body.WRITE, Body.FUA, 2, 77, 2, 4096, crc.of(buf, data + 4096, 1024));
        Body.putDescriptor(buf, body, 2, Body.DISCARD, Body.MORE, 1, 4096, 2048, 0, 0);
        Body.putDescriptor(buf, body, 3, Body.MARK, 0, 0, 0, 0, 0, 0);
        Body.seal(buf, body, crc);
        Frame.putHeader(
                buf,
                base,
                0,
                Frame.frameBytes(dataBytes),
                LOG.getMostSignificantBits(),
                LOG.getLeastSignificantBits(),
                position,
                2,
                flushedMark,
                chain);
        return Frame.seal(buf, base, crc);
    }

    static FrameFault check(ByteBuffer buf, int base, long position, long chain, Crc crc) {
        return Frame.check(
                buf,
                base,
                LOG.getMostSignificantBits(),
                LOG.getLeastSignificantBits(),
                position,
                chain,
                crc);
    }

    static Superblock superblock() throws SpaceException {
        return new Superblock(
                7, LOG, GROUP, SITE, LogLayout.of("sample", 4 << 20, 0), 4096, 2, false, TIME);
    }

    static Checkpoint checkpoint() {
        return new Checkpoint(
                LOG,
                5,
                1 << 20,
                100,
                0xfeedface,
                3 << 20,
                2,
                180,
                120,
                Checkpoint.Role.TARGET,
                0,
                Checkpoint.ResyncPhase.REPLAYING,
                170,
                0x0e5c0e5c0e5c0e5cL,
                90,
                Checkpoint.NOT_FORKED,
                RegionMapMark.NONE,
                List.of(
                        new TermEntry(1, 0x1111, 0, 0, TermKind.FIRST),
                        new TermEntry(2, 0x2222, 60, 0, TermKind.REOPENED),
                        new TermEntry(3, 0x5eed5eed5eed5eedL, 80, 1, TermKind.TAKEOVER)),
                List.of(
                        new SiteEntry(0, SiteState.IN_LOG, false, 180, 120, ""),
                        new SiteEntry(2, SiteState.OUT_OF_LOG, true, 12, 11, "moving house, été")),
                "group: sample\ndevices: [1, 2]\n");
    }

    static Superblock superblockWithMap() throws SpaceException {
        return new Superblock(
                7,
                LOG,
                GROUP,
                SITE,
                LogLayout.of("sample", 4 << 20, 0, 3, 20),
                4096,
                2,
                false,
                TIME);
    }

    static Checkpoint checkpointWithMap() {
        Checkpoint c = checkpoint();
        RegionMapMark map =
                new RegionMapMark(9, List.of(0x11111111, -2, 0, 4, 5, 6, 7, 0x7fffffff));
        return checkpoint(map, c.terms(), c.sites(), c.definition());
    }

    /** The sample with other parts. */
    static Checkpoint checkpoint(
            RegionMapMark map, List<TermEntry> terms, List<SiteEntry> sites, String definition) {
        Checkpoint c = checkpoint();
        return new Checkpoint(
                c.logUuid(),
                c.generation(),
                c.tailPosition(),
                c.tailSeq(),
                c.tailChain(),
                c.endPosition(),
                c.endOpening(),
                c.flushedMark(),
                c.appliedSeq(),
                c.role(),
                c.primarySite(),
                c.resyncPhase(),
                c.resyncNeedSeq(),
                c.resyncId(),
                c.resyncBaseSeq(),
                c.forkedAtSeq(),
                map,
                terms,
                sites,
                definition);
    }

    /** Three regions of device 4, from its region 503 on; returns the page's checksum. */
    static int regionPage(ByteBuffer buf, int base, int page, long generation) {
        RegionPage.put(
                buf,
                base,
                LOG.getMostSignificantBits(),
                LOG.getLeastSignificantBits(),
                page,
                generation,
                4,
                503,
                3,
                64 << 10);
        RegionPage.putSeq(buf, base, 0, 101);
        RegionPage.putSeq(buf, base, 2, 0x1122334455667788L);
        return RegionPage.seal(buf, base, new Crc());
    }

    static String regionPageText(ByteBuffer buf, int base) {
        StringBuilder text = new StringBuilder();
        text.append("RegionPage\n  generation=").append(RegionPage.generation(buf, base));
        text.append("\n  devNr=").append(RegionPage.devNr(buf, base));
        text.append("\n  firstRegion=").append(RegionPage.firstRegion(buf, base));
        text.append("\n  count=").append(RegionPage.count(buf, base));
        text.append("\n  regionBytes=").append(RegionPage.regionBytes(buf, base));
        for (int i = 0; i < RegionPage.count(buf, base); i++) {
            text.append("\n  seq=").append(RegionPage.seq(buf, base, i));
        }
        return text.append('\n').toString();
    }

    static ExportHeader export() {
        return new ExportHeader(GROUP, SITE, 101, 120, 5 * 4096, TIME, "cut off at rejoin");
    }

    /** Cursors of two sites, in both slots of the first 16 KiB of a log. */
    static ByteBuffer linkCursors(long generation, long newerGeneration) {
        ByteBuffer buf = buffer(16384);
        long[] generations = {generation, newerGeneration};
        for (int slot = 0; slot < 2; slot++) {
            int base = (int) LogLayout.linkCursorsOffset(slot);
            LinkCursors.put(
                    buf,
                    base,
                    LOG.getMostSignificantBits(),
                    LOG.getLeastSignificantBits(),
                    generations[slot],
                    2);
            LinkCursors.putEntry(buf, base, 0, 2, 110 + slot, 105, 3, 0x5eed5eed5eed5eedL);
            LinkCursors.putEntry(buf, base, 1, 9, 99, 99, 2, 0x2222);
            LinkCursors.seal(buf, base, new Crc());
        }
        return buf;
    }
}
