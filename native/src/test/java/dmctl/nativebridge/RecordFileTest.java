package dmctl.nativebridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordFileTest {
    @TempDir Path folder;

    @Test
    void aFileIsMadeAndReplacedAndNothingElseIsLeft() throws Exception {
        Path file = folder.resolve("record");
        RecordFile.replace(file, "first\nof two lines, ä\n");
        assertThat(file).hasContent("first\nof two lines, ä\n");
        RecordFile.replace(file, "second\n");
        assertThat(file).hasContent("second\n");
        assertThat(folder).isDirectoryNotContaining(path -> !path.equals(file));
    }

    @Test
    void whatAKilledWriterHasLeftIsNoPartOfTheNextFile() throws Exception {
        Path file = folder.resolve("record");
        Files.writeString(folder.resolve("record.new"), "a longer text that was never renamed");
        RecordFile.replace(file, "short");
        assertThat(file).hasContent("short");
    }

    @Test
    void aReaderHasTheOldFileOrTheNewOneWhole() throws Exception {
        Path file = folder.resolve("record");
        RecordFile.replace(file, "old");
        try (var old = Files.newBufferedReader(file)) {
            RecordFile.replace(file, "new");
            assertThat(old.readLine()).isEqualTo("old");
        }
    }

    @Test
    void theOldFileStaysWhereTheNewOneCannotBeWritten() throws Exception {
        Path file = folder.resolve("record");
        RecordFile.replace(file, "old");
        Files.createDirectory(folder.resolve("record.new"));
        assertThatThrownBy(() -> RecordFile.replace(file, "new"))
                .hasMessageContaining("record.new");
        assertThat(file).hasContent("old");
        assertThatThrownBy(() -> RecordFile.replace(folder.resolve("none/record"), "x"))
                .isInstanceOf(NoSuchFileException.class);
    }
}
