package dmctl.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Reads paths. */
final class PathReader {
    private PathReader() {}

    /**
     * Reads a path.
     *
     * @param text absolute or relative
     * @param folder what a relative path is relative to
     */
    static Path parse(String text, Path folder) throws WordException {
        try {
            return folder.resolve(text).normalize();
        } catch (InvalidPathException e) {
            throw new WordException(
                    "not a path: " + e.getReason(), "correct it, or use a UTF-8 locale");
        }
    }
}
