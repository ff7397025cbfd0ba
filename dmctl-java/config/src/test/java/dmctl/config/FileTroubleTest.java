package dmctl.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import org.junit.jupiter.api.Test;

class FileTroubleTest {
    @Test
    void aMissingRightIsNamedWithItsRemedy() {
        assertThat(FileTrouble.text(new AccessDeniedException("/srv/home")))
                .startsWith("/srv/home: permission denied; run this as a user")
                .doesNotContain("\n");
    }

    @Test
    void aBarePathGetsAReason() {
        assertThat(FileTrouble.text(new FileAlreadyExistsException("/srv/home")))
                .isEqualTo("/srv/home: FileAlreadyExistsException");
    }

    @Test
    void aReasonIsKept() {
        assertThat(FileTrouble.text(new FileSystemException("/srv/home", null, "Not a directory")))
                .isEqualTo("/srv/home: Not a directory");
        assertThat(FileTrouble.text(new IOException("no space left"))).isEqualTo("no space left");
    }
}
