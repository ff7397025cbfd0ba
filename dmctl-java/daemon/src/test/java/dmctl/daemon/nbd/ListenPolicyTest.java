package dmctl.daemon.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

final class ListenPolicyTest {
    private static InetSocketAddress tcp(int... address) throws UnknownHostException {
        byte[] bytes = new byte[address.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) address[i];
        }
        return new InetSocketAddress(InetAddress.getByAddress(bytes), 10809);
    }

    @Test
    void unix_sockets_and_loopback_are_fine() throws Exception {
        assertThat(ListenPolicy.refusal("nbd", UnixDomainSocketAddress.of("/run/x"), false))
                .isNull();
        assertThat(ListenPolicy.refusal("nbd", tcp(127, 0, 0, 1), false)).isNull();
        assertThat(
                        ListenPolicy.refusal(
                                "nbd", tcp(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), false))
                .isNull();
    }

    @Test
    void other_addresses_need_the_word_insecure() throws Exception {
        InetSocketAddress any = tcp(0, 0, 0, 0);
        assertThat(ListenPolicy.refusal("nbd", any, false))
                .contains("nbd", "0.0.0.0:10809", "`insecure: true`");
        assertThat(ListenPolicy.refusal("nbd", any, true)).isNull();
        InetSocketAddress outside = tcp(192, 0, 2, 7);
        assertThat(ListenPolicy.refusal("link of site b", outside, false))
                .startsWith("link of site b");
    }

    @Test
    void an_unknown_host_is_named() {
        InetSocketAddress nowhere = InetSocketAddress.createUnresolved("nowhere.invalid", 1);
        assertThat(ListenPolicy.refusal("nbd", nowhere, true)).contains("nowhere.invalid");
    }
}
