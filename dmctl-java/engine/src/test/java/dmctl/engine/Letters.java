package dmctl.engine;

import java.util.Arrays;

/** Sectors as letters: a sector full of one letter is that letter, a sector of zeroes a dot. */
final class Letters {
    private Letters() {}

    static byte[] bytes(String letters) {
        byte[] bytes = new byte[letters.length() * LabSite.SECTOR];
        for (int i = 0; i < letters.length(); i++) {
            byte fill = letters.charAt(i) == '.' ? 0 : (byte) letters.charAt(i);
            Arrays.fill(bytes, i * LabSite.SECTOR, (i + 1) * LabSite.SECTOR, fill);
        }
        return bytes;
    }

    static String read(byte[] bytes, int from, int to) {
        StringBuilder letters = new StringBuilder();
        for (int at = from; at < to; at += LabSite.SECTOR) {
            letters.append(sector(bytes, at));
        }
        return letters.toString();
    }

    private static char sector(byte[] bytes, int at) {
        for (int i = at + 1; i < at + LabSite.SECTOR; i++) {
            if (bytes[i] != bytes[at]) {
                return '?';
            }
        }
        return bytes[at] == 0 ? '.' : (char) bytes[at];
    }
}
