package dmctl.config.table;

/**
 * A word of a line.
 *
 * @param text without the backslashes that quote
 * @param from index of its first character in the line
 * @param to index behind its last
 */
record Word(String text, int from, int to) {
    /** A part of this word, where it can be pointed at: quoting shifts the places. */
    Word part(int begin, int end) {
        return to - from == text.length()
                ? new Word(text.substring(begin, end), from + begin, from + end)
                : new Word(text.substring(begin, end), from, to);
    }
}
