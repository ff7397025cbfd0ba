package dmctl.daemon.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dmctl.daemon.nbd.NbdClient.OptionReply;
import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
final class HandshakeTest {
    private static final int BYTES = 1 << 20;
    private static final byte[] NOTHING = new byte[0];

    @TempDir Path folder;
    private ServedGroup served;
    private NbdClient client;

    @BeforeEach
    void serve() throws Exception {
        served =
                new ServedGroup(
                        folder,
                        new NbdLimits(2, 16, 1 << 20),
                        List.of(
                                new Export("data", "g", 0, BYTES, 4096),
                                new Export("wal", "g", 1, BYTES, 512)));
        client = served.client();
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        served.close();
    }

    @Test
    void the_greeting_offers_fixed_newstyle_and_no_zeroes() throws Exception {
        ByteBuffer greeting = client.read(18);
        assertThat(greeting.getLong()).isEqualTo(0x4e42444d41474943L);
        assertThat(greeting.getLong()).isEqualTo(0x49484156454F5054L);
        assertThat(greeting.getShort()).isEqualTo((short) 3);
    }

    @Test
    void unknown_client_flags_end_the_connection_with_one_line() throws Exception {
        client.read(18);
        client.send(ByteBuffer.allocate(4).putInt(7).flip());
        assertThat(client.atEnd()).isTrue();
        assertThat(served.loop.events).singleElement().asString().contains("flags 0x7");
    }

    @Test
    void list_names_every_device_once() throws Exception {
        client.greet();
        List<OptionReply> replies = client.ask(Nbd.OPT_LIST, NOTHING);
        assertThat(replies).hasSize(3);
        assertThat(replies.get(0).text().substring(4)).isEqualTo("data");
        assertThat(replies.get(1).text().substring(4)).isEqualTo("wal");
    }

    @Test
    void go_tells_size_flags_and_block_sizes() throws Exception {
        client.greet();
        List<OptionReply> replies = client.ask(Nbd.OPT_GO, NbdClient.infoRequest("g/wal"));
        ByteBuffer export = replies.get(0).data();
        assertThat(export.getShort()).isEqualTo((short) Nbd.INFO_EXPORT);
        assertThat(export.getLong()).isEqualTo(BYTES);
        assertThat(export.getShort()).isEqualTo((short) 0b1_0110_1101);
        ByteBuffer sizes = replies.get(1).data();
        assertThat(sizes.getShort()).isEqualTo((short) Nbd.INFO_BLOCK_SIZE);
        assertThat(sizes.getInt()).isEqualTo(512);
        assertThat(sizes.getInt()).isEqualTo(4096);
        assertThat(sizes.getInt()).isEqualTo(32 << 20);
        client.command(0, Nbd.CMD_READ, 9, 0, 512);
        assertThat(client.simpleReply(512).cookie()).isEqualTo(9);
    }

    @Test
    void dont_fragment_is_offered_with_structured_replies_only() throws Exception {
        client.greet();
        client.ask(Nbd.OPT_STRUCTURED_REPLY, NOTHING);
        OptionReply export = client.ask(Nbd.OPT_INFO, NbdClient.infoRequest("wal")).getFirst();
        assertThat(export.data().getShort(10) & Nbd.TX_SEND_DF).isNotZero();
    }

    @Test
    void info_gives_name_and_description_when_asked() throws Exception {
        client.greet();
        List<OptionReply> replies = client.ask(Nbd.OPT_INFO, NbdClient.infoRequest("g/wal", 1, 2));
        assertThat(replies).extracting(OptionReply::text).anyMatch(text -> text.endsWith("wal"));
        assertThat(replies)
                .extracting(OptionReply::text)
                .anyMatch(text -> text.contains("group g"));
        assertThat(replies.getLast().type()).isEqualTo(Nbd.REP_ACK);
    }

    @Test
    void the_empty_name_is_refused_where_there_are_several_exports() throws Exception {
        client.greet();
        OptionReply reply = client.ask(Nbd.OPT_GO, NbdClient.infoRequest("")).getFirst();
        assertThat(reply.type()).isEqualTo(Nbd.REP_ERR_UNKNOWN);
        assertThat(reply.text()).contains("data, wal");
    }

    @Test
    void the_empty_name_is_that_of_an_only_export() throws Exception {
        Path other = Files.createDirectory(folder.resolve("one"));
        List<Export> one = List.of(new Export("data", "g", 0, BYTES, 512));
        try (ServedGroup single = new ServedGroup(other, NbdLimits.DEFAULT, one);
                NbdClient asking = single.client()) {
            asking.greet();
            assertThat(asking.ask(Nbd.OPT_GO, NbdClient.infoRequest("")).getLast().type())
                    .isEqualTo(Nbd.REP_ACK);
        }
    }

    @Test
    void an_unknown_name_is_answered_with_the_names_there_are() throws Exception {
        client.greet();
        OptionReply reply = client.ask(Nbd.OPT_GO, NbdClient.infoRequest("dat")).getFirst();
        assertThat(reply.type()).isEqualTo(Nbd.REP_ERR_UNKNOWN);
        assertThat(reply.text()).contains("'dat'").contains("data, wal");
    }

    @Test
    void export_name_goes_on_without_zeroes_when_agreed() throws Exception {
        client.greet();
        client.option(Nbd.OPT_EXPORT_NAME, "wal".getBytes(StandardCharsets.UTF_8));
        assertThat(client.read(10).getLong()).isEqualTo(BYTES);
        client.command(0, Nbd.CMD_FLUSH, 5, 0, 0);
        assertThat(client.simpleReply(0).error()).isZero();
    }

    @Test
    void export_name_pads_with_zeroes_for_an_old_client() throws Exception {
        client.read(18);
        client.send(ByteBuffer.allocate(4).putInt(0).flip());
        client.option(Nbd.OPT_EXPORT_NAME, "wal".getBytes(StandardCharsets.UTF_8));
        assertThat(client.read(134).getLong(126)).isZero();
        client.command(0, Nbd.CMD_FLUSH, 5, 0, 0);
        assertThat(client.simpleReply(0).cookie()).isEqualTo(5);
    }

    @Test
    void export_name_of_nothing_ends_the_connection() throws Exception {
        client.greet();
        client.option(Nbd.OPT_EXPORT_NAME, "nope".getBytes(StandardCharsets.UTF_8));
        assertThat(client.atEnd()).isTrue();
        assertThat(served.loop.events).singleElement().asString().contains("'nope'");
    }

    @Test
    void what_is_not_supported_is_drained_and_said() throws Exception {
        client.greet();
        int starttls = client.ask(Nbd.OPT_STARTTLS, NOTHING).getFirst().type();
        int extendedHeaders = client.ask(11, NOTHING).getFirst().type();
        int unknown = client.ask(4711, new byte[200_000]).getFirst().type();
        assertThat(List.of(starttls, extendedHeaders, unknown)).containsOnly(Nbd.REP_ERR_UNSUP);
        assertThat(client.ask(Nbd.OPT_LIST, new byte[100_000]).getFirst().type())
                .isEqualTo(Nbd.REP_ERR_TOO_BIG);
        assertThat(client.ask(Nbd.OPT_LIST, new byte[1]).getFirst().type())
                .isEqualTo(Nbd.REP_ERR_INVALID);
        assertThat(client.ask(Nbd.OPT_LIST, NOTHING).getLast().type()).isEqualTo(Nbd.REP_ACK);
    }

    @Test
    void an_option_too_long_to_drain_ends_the_connection() throws Exception {
        client.greet();
        client.send(
                ByteBuffer.allocate(16)
                        .putLong(Nbd.OPTION_MAGIC)
                        .putInt(77)
                        .putInt(Integer.MAX_VALUE)
                        .flip());
        assertThat(client.atEnd()).isTrue();
        assertThat(served.loop.events).singleElement().asString().contains("2147483647 bytes");
    }

    @Test
    void malformed_data_of_go_and_meta_context_is_invalid() throws Exception {
        client.greet();
        byte[] tooShort = {0, 0, 0, 9, 'd'};
        byte[] tooLong = NbdClient.infoRequest("data", 1);
        tooLong[9] = 0;
        assertThat(client.ask(Nbd.OPT_GO, tooShort).getFirst().type())
                .isEqualTo(Nbd.REP_ERR_INVALID);
        assertThat(client.ask(Nbd.OPT_INFO, tooLong).getFirst().type())
                .isEqualTo(Nbd.REP_ERR_INVALID);
        assertThat(client.ask(Nbd.OPT_SET_META_CONTEXT, tooShort).getFirst().type())
                .isEqualTo(Nbd.REP_ERR_INVALID);
    }

    @Test
    void meta_contexts_need_structured_replies() throws Exception {
        client.greet();
        byte[] query = NbdClient.metaQuery("data", "base:allocation");
        assertThat(client.ask(Nbd.OPT_SET_META_CONTEXT, query).getFirst().type())
                .isEqualTo(Nbd.REP_ERR_INVALID);
    }

    @Test
    void meta_contexts_are_listed_by_wildcards_and_set_by_name() throws Exception {
        client.greet();
        client.ask(Nbd.OPT_STRUCTURED_REPLY, NOTHING);
        assertThat(client.ask(Nbd.OPT_LIST_META_CONTEXT, NbdClient.metaQuery("data"))).hasSize(2);
        byte[] namespace = NbdClient.metaQuery("data", "qemu:x", "base:");
        assertThat(client.ask(Nbd.OPT_LIST_META_CONTEXT, namespace)).hasSize(2);
        assertThat(client.ask(Nbd.OPT_SET_META_CONTEXT, namespace)).hasSize(1);
        byte[] named = NbdClient.metaQuery("data", "base:allocation", "base:allocation");
        List<OptionReply> set = client.ask(Nbd.OPT_SET_META_CONTEXT, named);
        assertThat(set).hasSize(2);
        assertThat(set.getFirst().text().substring(4)).isEqualTo("base:allocation");
    }

    @Test
    void a_context_set_for_another_export_is_not_selected() throws Exception {
        client.greet();
        client.ask(Nbd.OPT_STRUCTURED_REPLY, NOTHING);
        client.ask(
                Nbd.OPT_SET_META_CONTEXT, NbdClient.metaQuery("data", MetaContext.BASE_ALLOCATION));
        client.ask(Nbd.OPT_GO, NbdClient.infoRequest("wal"));
        client.command(0, Nbd.CMD_BLOCK_STATUS, 1, 0, 4096);
        assertThat(client.chunk().error()).isEqualTo(Nbd.EINVAL);
    }

    @Test
    void abort_is_acknowledged_and_ends_the_connection_silently() throws Exception {
        client.greet();
        assertThat(client.ask(Nbd.OPT_ABORT, NOTHING).getFirst().type()).isEqualTo(Nbd.REP_ACK);
        assertThat(client.atEnd()).isTrue();
        assertThat(served.loop.events).isEmpty();
    }

    @Test
    void a_group_that_is_not_served_here_says_why() throws Exception {
        served.group.serving = false;
        client.greet();
        OptionReply reply = client.ask(Nbd.OPT_GO, NbdClient.infoRequest("data")).getFirst();
        assertThat(reply.type()).isEqualTo(Nbd.REP_ERR_POLICY);
        assertThat(reply.text()).contains("the primary is b");
        assertThat(client.ask(Nbd.OPT_LIST, NOTHING)).hasSize(3);
    }

    @Test
    void clients_beyond_the_limit_are_told_so() throws Exception {
        try (NbdClient first = served.simple("data");
                NbdClient second = served.simple("wal")) {
            client.greet();
            OptionReply reply = client.ask(Nbd.OPT_GO, NbdClient.infoRequest("data")).getFirst();
            assertThat(reply.text()).contains("all 2 connections");
            second.command(0, Nbd.CMD_DISC, 0, 0, 0);
            assertThat(second.atEnd()).isTrue();
            assertThat(client.ask(Nbd.OPT_GO, NbdClient.infoRequest("data")).getLast().type())
                    .isEqualTo(Nbd.REP_ACK);
            first.command(0, Nbd.CMD_FLUSH, 1, 0, 0);
            assertThat(first.simpleReply(0).error()).isZero();
        }
    }

    @Test
    void clients_that_never_finish_the_handshake_make_room_for_others() throws Exception {
        List<NbdClient> silent = new ArrayList<>();
        for (int i = 0; i < 2 + NbdLimits.SPARE_CONNECTIONS; i++) {
            silent.add(served.client());
            silent.getLast().greet();
        }
        assertThat(client.read(18).remaining()).isEqualTo(18);
        assertThat(client.atEnd()).as("the oldest").isTrue();
        try (NbdClient other = served.simple("data")) {
            other.command(0, Nbd.CMD_FLUSH, 1, 0, 0);
            assertThat(other.simpleReply(0).error()).isZero();
        }
        for (NbdClient one : silent) {
            one.close();
        }
    }

    @Test
    void options_may_arrive_byte_by_byte() throws Exception {
        client.read(18);
        byte[] go = NbdClient.infoRequest("wal");
        ByteBuffer all = ByteBuffer.allocate(20 + go.length).putInt(3).putLong(Nbd.OPTION_MAGIC);
        all.putInt(Nbd.OPT_GO).putInt(go.length).put(go);
        for (byte one : all.array()) {
            client.send(ByteBuffer.wrap(new byte[] {one}));
        }
        assertThat(client.optionReply().type()).isEqualTo(Nbd.REP_INFO);
    }

    @Test
    void a_client_that_asks_without_end_is_ended() throws Exception {
        client.greet();
        ByteBuffer list = ByteBuffer.allocate(16).putLong(Nbd.OPTION_MAGIC).putInt(Nbd.OPT_LIST);
        assertThatThrownBy(
                        () -> {
                            while (true) {
                                client.send(list.putInt(12, 0).rewind());
                            }
                        })
                .isInstanceOf(IOException.class);
        assertThat(served.loop.events).singleElement().asString().contains("256 options");
    }

    @Test
    void a_socket_that_is_served_cannot_be_taken_and_a_stale_one_is_replaced() throws Exception {
        assertThatThrownBy(() -> served.loop.listen(served.unix))
                .hasMessageContaining("another process listens there");
        Path stale = folder.resolve("stale.sock");
        java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(stale))
                .close();
        assertThat(served.loop.listen(UnixDomainSocketAddress.of(stale)).toString())
                .isEqualTo(stale.toString());
    }

    @Test
    void a_bad_magic_of_an_option_ends_the_connection() throws Exception {
        client.greet();
        client.send(ByteBuffer.allocate(16));
        assertThatThrownBy(client::optionReply)
                .isInstanceOfAny(EOFException.class, java.net.SocketException.class);
        assertThat(served.loop.events)
                .singleElement()
                .asString()
                .contains("bad magic of an option");
    }
}
