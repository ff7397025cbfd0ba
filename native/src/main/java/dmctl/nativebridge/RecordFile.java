package dmctl.nativebridge;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/** Writes the small files in which a program keeps what it has to know again. */
public final class RecordFile {
    private RecordFile() {}

    /**
     * Replaces a file by one with other text, durably. Whenever the machine stops, the old one or
     * the new one is there, whole.
     *
     * @param path where; need not be there yet, but its folder
     * @param text all of it
     * @throws IOException if it cannot be written; then the old one is there
     */
    public static void replace(Path path, String text) throws IOException {
        Path fresh = Path.of(path + ".new");
        try (FileChannel channel =
                FileChannel.open(
                        fresh,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
        NativeFile.syncDirectory(Objects.requireNonNull(path.toAbsolutePath().getParent()));
    }
}
