package dmctl.config;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;

/** What to say of a file that cannot be used: the JDK's own text is often no more than its path. */
public final class FileTrouble {
    private FileTrouble() {}

    /**
     * Describes a failure.
     *
     * @param failure as the JDK threw it
     * @return one line with the path, the reason and, where there is one, the remedy
     */
    public static String text(IOException failure) {
        if (failure instanceof AccessDeniedException denied) {
            return denied.getFile()
                    + ": permission denied; run this as a user that may write there, or give that"
                    + " right";
        }
        boolean bare =
                failure instanceof FileSystemException refused
                        && refused.getReason() == null
                        && refused.getFile() != null;
        String text = String.valueOf(failure.getMessage());
        return bare ? text + ": " + failure.getClass().getSimpleName() : text;
    }
}
