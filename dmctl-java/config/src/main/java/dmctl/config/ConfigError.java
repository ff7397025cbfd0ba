package dmctl.config;

/**
 * One thing that is wrong in a file.
 *
 * @param file the file as it was named
 * @param line counts from 1, 0 if the whole file is meant
 * @param column counts from 1
 * @param word the word concerned
 * @param cause what is wrong with it
 * @param remedy what to write instead
 */
public record ConfigError(
        String file, int line, int column, String word, String cause, String remedy) {
    @Override
    public String toString() {
        String place = line == 0 ? file : file + ":" + line + ":" + column;
        return place + ": " + word + ": " + cause + "; " + remedy;
    }
}
