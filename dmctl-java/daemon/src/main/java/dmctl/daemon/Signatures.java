package dmctl.daemon;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * What common users of devices write where they begin. To recognise one is a courtesy to whoever
 * reads the refusal: a place is free only if it is all zeroes.
 */
final class Signatures {
    /**
     * A mark that tells one user.
     *
     * @param name of the user
     * @param offset of the mark
     * @param mark in Latin 1
     */
    private record Signature(String name, int offset, String mark) {
        boolean isIn(ByteBuffer area) {
            byte[] bytes = mark.getBytes(StandardCharsets.ISO_8859_1);
            for (int i = 0; i < bytes.length; i++) {
                if (area.get(offset + i) != bytes[i]) {
                    return false;
                }
            }
            return true;
        }
    }

    private static final int EXT_SUPERBLOCK = 1024;
    private static final int EXT_COMPATIBLE = EXT_SUPERBLOCK + 0x5c;
    private static final int EXT_INCOMPATIBLE = EXT_SUPERBLOCK + 0x60;
    private static final int EXT_HAS_JOURNAL = 0x4;

    /** Extents, 64 bit, flexible block groups. */
    private static final int EXT4_FEATURES = 0x40 | 0x80 | 0x200;

    private static final Signature EXT = new Signature("ext", EXT_SUPERBLOCK + 0x38, hex("53ef"));

    private static final List<Signature> SIGNATURES =
            List.of(
                    new Signature("an XFS file system", 0, "XFSB"),
                    new Signature("a Btrfs file system", 65_600, "_BHRfS_M"),
                    new Signature("an F2FS file system", 1024, hex("1020f5f2")),
                    new Signature("an NTFS file system", 3, "NTFS    "),
                    new Signature("an exFAT file system", 3, "EXFAT   "),
                    new Signature("a FAT file system", 54, "FAT1"),
                    new Signature("a FAT file system", 82, "FAT32   "),
                    new Signature("a SquashFS file system", 0, "hsqs"),
                    new Signature("an ISO 9660 file system", 32_769, "CD001"),
                    new Signature("a LUKS volume", 0, hex("4c554b53babe")),
                    new Signature("a LUKS volume", 16_384, hex("534b554cbabe")),
                    new Signature("an LVM physical volume", 0, "LABELONE"),
                    new Signature("an LVM physical volume", 512, "LABELONE"),
                    new Signature("an LVM physical volume", 1024, "LABELONE"),
                    new Signature("an LVM physical volume", 1536, "LABELONE"),
                    new Signature("swap space", 4086, "SWAPSPACE2"),
                    new Signature("swap space", 4086, "SWAP-SPACE"),
                    new Signature("swap space", 8182, "SWAPSPACE2"),
                    new Signature("swap space", 16_374, "SWAPSPACE2"),
                    new Signature("swap space", 65_526, "SWAPSPACE2"),
                    new Signature("a member of an md array", 0, hex("fc4e2ba9")),
                    new Signature("a member of an md array", 4096, hex("fc4e2ba9")),
                    new Signature("a bcache device", 4120, hex("c68573f64e1a45ca")),
                    new Signature("a qcow2 image", 0, hex("514649fb")),
                    new Signature("a GPT partition table", 512, "EFI PART"),
                    new Signature("a GPT partition table", 4096, "EFI PART"),
                    // Last: file systems of DOS end their first sector so too.
                    new Signature("a DOS partition table or boot sector", 510, hex("55aa")));

    private Signatures() {}

    private static String hex(String digits) {
        return new String(HexFormat.of().parseHex(digits), StandardCharsets.ISO_8859_1);
    }

    /**
     * Names whose bytes these are.
     *
     * @param area little-endian, as large as the header area of a log
     * @return empty if that is not known
     */
    static Optional<String> name(ByteBuffer area) {
        if (EXT.isIn(area)) {
            return Optional.of(ext(area));
        }
        return SIGNATURES.stream().filter(s -> s.isIn(area)).map(Signature::name).findFirst();
    }

    private static String ext(ByteBuffer area) {
        if ((area.getInt(EXT_INCOMPATIBLE) & EXT4_FEATURES) != 0) {
            return "an ext4 file system";
        }
        boolean journal = (area.getInt(EXT_COMPATIBLE) & EXT_HAS_JOURNAL) != 0;
        return journal ? "an ext3 file system" : "an ext2 file system";
    }
}
