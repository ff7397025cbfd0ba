package dmctl.config.table;

/**
 * One thing that is wrong, or doubtful, in a table line.
 *
 * @param file where the line stands
 * @param line counts from 1
 * @param column of the word, counts from 1
 * @param length of the word
 * @param text the whole line
 * @param cause what is wrong, in the words of the original where it had some
 * @param remedy what to write instead; empty where the cause says it all
 */
public record TableError(
        String file, int line, int column, int length, String text, String cause, String remedy) {
    /**
     * Says what is wrong and what to write instead.
     *
     * @return part of a line
     */
    public String message() {
        if (remedy.isEmpty()) {
            return cause;
        }
        boolean ended = cause.endsWith(".");
        return (ended ? cause.substring(0, cause.length() - 1) : cause) + "; " + remedy;
    }

    /**
     * Says what is wrong, repeats the line and points at the word.
     *
     * @return three lines, without a line end
     */
    @Override
    public String toString() {
        StringBuilder said = new StringBuilder(file);
        said.append(':').append(line).append(':').append(column).append(": ").append(message());
        said.append("\n  ").append(text).append("\n  ");
        int[] points = text.codePoints().toArray();
        for (int i = 0; i < column - 1; i++) {
            said.append(i < points.length && points[i] == '\t' ? '\t' : ' ');
        }
        return said.append("^".repeat(length)).toString();
    }
}
