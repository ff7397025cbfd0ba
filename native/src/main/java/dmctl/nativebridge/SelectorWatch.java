package dmctl.nativebridge;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Selector;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Lets a selector wake for descriptors that Java has no channel for, such as rings. On Linux a
 * selector is an epoll descriptor; which one, it shows itself: the one that can be read from after
 * {@link Selector#wakeup} and cannot after the next selection. What was added so wakes the selector
 * and is reported to nobody.
 */
public final class SelectorWatch {
    private static final int EVENT_BYTES = 16;
    private static final int POLL_EVENTS = 4;
    private static final int POLL_ANSWER = 6;

    private final int epoll;

    private SelectorWatch(int epoll) {
        this.epoll = epoll;
    }

    /**
     * Finds the descriptor of a selector.
     *
     * @param selector of the JDK, without channels yet, used by nobody else now
     * @return the watch; if it found nothing, it refuses to add
     * @throws IOException if the descriptors of this process cannot be listed
     */
    public static SelectorWatch of(Selector selector) throws IOException {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path each : all) {
                if (isEpoll(each) && isOf(selector, number(each))) {
                    return new SelectorWatch(number(each));
                }
            }
        }
        return new SelectorWatch(-1);
    }

    private static int number(Path descriptor) {
        return Integer.parseInt(String.valueOf(descriptor.getFileName()));
    }

    private static boolean isEpoll(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().equals("anon_inode:[eventpoll]");
        } catch (IOException e) {
            return false; // closed meanwhile: not the one
        }
    }

    private static boolean isOf(Selector selector, int fd) throws IOException {
        boolean before = readable(fd);
        selector.wakeup();
        boolean woken = readable(fd);
        selector.selectNow(key -> {});
        return !before && woken && !readable(fd);
    }

    private static boolean readable(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment descriptor = arena.allocate(Long.BYTES, Integer.BYTES);
            descriptor.set(JAVA_INT, 0, fd);
            descriptor.set(JAVA_SHORT, POLL_EVENTS, LibC.POLLIN);
            return LibC.poll(descriptor, 1) == 1
                    && descriptor.get(JAVA_SHORT, POLL_ANSWER) == LibC.POLLIN;
        }
    }

    /**
     * Wakes the selector whenever a descriptor becomes readable anew; nobody has to read from it.
     *
     * @param fd the descriptor
     * @throws IOException if it cannot be watched
     */
    public void add(int fd) throws IOException {
        if (epoll < 0) {
            throw new IOException(
                    "the selector of this JVM is not epoll's: remove"
                            + " -Djava.nio.channels.spi.SelectorProvider");
        }
        change(LibC.EPOLL_CTL_ADD, fd);
    }

    /**
     * Does not wake it for this one any more.
     *
     * @param fd the descriptor
     * @throws IOException if it was not watched
     */
    public void remove(int fd) throws IOException {
        change(LibC.EPOLL_CTL_DEL, fd);
    }

    private void change(int operation, int fd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment event = arena.allocate(EVENT_BYTES, Long.BYTES);
            event.set(JAVA_INT, 0, LibC.EPOLLIN | LibC.EPOLLET);
            // Where the descriptor stands differs between processors; the one place is free.
            event.set(JAVA_INT, 4, fd);
            event.set(JAVA_INT, 8, fd);
            int result = LibC.epollCtl(epoll, operation, fd, event);
            if (result < 0) {
                throw new ErrnoException("epoll_ctl", "descriptor " + fd, -result);
            }
        }
    }
}
