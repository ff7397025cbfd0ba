package dmctl.daemon.nbd;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import org.jspecify.annotations.Nullable;

/** Where a socket may listen while nothing authenticates or encrypts what passes through it. */
public final class ListenPolicy {
    private ListenPolicy() {}

    /**
     * Judges an address to listen on. Unix sockets and loopback addresses are always fine.
     *
     * @param what is going to listen, for the message: {@code nbd} or {@code link of site b}
     * @param address where
     * @param insecure whether the configuration says {@code insecure: true} for it
     * @return null if it may listen, else why not and what to do
     */
    public static @Nullable String refusal(String what, SocketAddress address, boolean insecure) {
        if (address instanceof UnixDomainSocketAddress) {
            return null;
        }
        if (!(address instanceof InetSocketAddress internet)) {
            return what + ": cannot listen on " + address + ": use a Unix socket or host:port";
        }
        if (internet.isUnresolved()) {
            return what
                    + ": cannot listen on "
                    + internet.getHostString()
                    + ": no such host; use an address of this host";
        }
        if (insecure || internet.getAddress().isLoopbackAddress()) {
            return null;
        }
        return what
                + ": refusing to listen on "
                + internet.getAddress().getHostAddress()
                + ":"
                + internet.getPort()
                + ": everybody who reaches this address could read and write the devices, unencrypted;"
                + " use a loopback address or a Unix socket, or set `insecure: true` beside the address"
                + " if the network is trusted";
    }
}
