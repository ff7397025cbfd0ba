package dmctl.daemon.io;

import java.nio.channels.SelectionKey;

/** The attachment of a channel's key: told on the thread of the loop when it is ready. */
@FunctionalInterface
public interface Ready {
    /**
     * The channel is ready for some of what the key is interested in.
     *
     * @param key valid when called
     */
    void ready(SelectionKey key);
}
