package dmctl.replog;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Text of limited length in UTF-8. */
final class ShortText {
    private ShortText() {}

    /** The longest beginning of a text that takes no more than this many bytes. */
    static String cut(String text, int maxBytes) {
        if (text.length() * 3L <= maxBytes) {
            return text;
        }
        int bytes = 0;
        int end = 0;
        while (end < text.length()) {
            int codePoint = text.codePointAt(end);
            bytes += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
            if (bytes > maxBytes) {
                break;
            }
            end += Character.charCount(codePoint);
        }
        return text.substring(0, end);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String read(ByteBuffer buf, int at, int bytes) {
        byte[] content = new byte[bytes];
        buf.get(at, content);
        return new String(content, StandardCharsets.UTF_8);
    }
}
