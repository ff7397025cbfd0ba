package dmctl.nativebridge;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** How large a terminal is. */
public final class TerminalSize {
    private static final long TIOCGWINSZ = 0x5413;
    private static final int WINSIZE_BYTES = 8;

    private TerminalSize() {}

    /**
     * Asks the kernel.
     *
     * @param descriptor of the terminal
     * @return its columns; 0 if it is no terminal or does not know
     */
    public static int columns(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(WINSIZE_BYTES);
            return LibC.ioctl(descriptor, TIOCGWINSZ, size) < 0
                    ? 0
                    : Short.toUnsignedInt(size.get(ValueLayout.JAVA_SHORT, 2));
        }
    }
}
