package dmctl.cli.replicator;

import static org.assertj.core.api.Assertions.assertThat;

import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonParser;
import com.grack.nanojson.JsonParserException;
import dmctl.config.LogOpening;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The messages to the control device that are about counts and about the log. */
class LogMessagesTest extends GroupsByTables {
    private static final String COUNTS = "v=1.2.3 r=5 w=7 rs=4 ws=6 nc=11 c=1 ";
    private static final String RING =
            " ring->start=544 ring->head=600 ring->tail=700 ring->next_avail=708 ring->end=8192"
                    + " ring_free=7540 wrap=2 r=3 w=9 wp=- he=12 hash_insert=40 hash_insert_max=-"
                    + " single=- multi=- stall=1";

    @BeforeEach
    void made() throws JsonParserException {
        createBoth();
        JsonObject said =
                JsonParser.object()
                        .from(
                                """
                                {"log": {"bytes": 4194304, "usedBytes": 5120}, "statistics": {
                                 "requests": {"reads": 5, "writes": 7, "readsServed": 4,
                                  "writesServed": 6, "takenAtOnce": 11, "waitedForRoom": 1},
                                 "log": {"ringStartByte": 278528, "ringEndByte": 4194304,
                                  "tailByte": 307200, "writtenByte": 358400, "headByte": 362496,
                                  "freeBytes": 3860480, "wraps": 2, "reads": 3, "writes": 9,
                                  "records": 40, "recordsNotApplied": 12}}}
                                """);
        daemons.says.putAll(said);
        daemons.calls.clear();
    }

    private void status(String expected) {
        prints("0 8 replicator " + expected + "\n", "status", "erp");
    }

    // statistics

    @Test
    void counts_stand_before_the_links_while_they_are_on() {
        status(" A,0,0 A,0,0 0/10/8192 ");
        message("erp statistics on");
        status(COUNTS + " A,0,0 A,0,0 0/10/8192 ");
        message("erp stat of");
        status(" A,0,0 A,0,0 0/10/8192 ");
    }

    @Test
    void counts_of_the_log_stand_behind_its_size() {
        message("erp replog STATISTICS On");
        status(" A,0,0 A,0,0 0/10/8192" + RING + " ");
        message("erp statistics on");
        status(COUNTS + " A,0,0 A,0,0 0/10/8192" + RING + " ");
        daemons.kill();
        does("status", "erp");
        assertThat(out.toString()).contains("v=1.2.3 r=0 w=0 ").contains("ring->start=0 ");
        does("resume", "erp");
        message("erp replog statistics off");
        status(COUNTS + " A,0,0 A,0,0 0/10/8192 ");
    }

    @Test
    void a_reset_goes_to_the_daemon() {
        message("erp statistics reset");
        message("erp replog statistics reset");
        assertThat(daemons.calls)
                .containsExactly("reset-statistics replicator", "reset-statistics replog");
        daemons.kill();
        message("erp statistics reset");
        assertThat(daemons.calls).hasSize(2);
    }

    @Test
    void other_words_are_refused() {
        refuses("too many message arguments", "message", "erp", "0", "statistics", "on", "off");
        refuses("too few message arguments", "message", "erp", "0", "statistics");
        refuses("write one of on, off, reset", "message", "erp", "0", "statistics", "o");
        refuses("Invalid number of arguments.", "message", "erp", "0", "replog", "statistics");
        refuses("Invalid argument. grow", "message", "erp", "0", "replog", "grow", "1");
        refuses("invalid message command", "message", "erp-data", "0", "statistics", "on");
    }

    // replog resize

    @Test
    void the_log_gets_another_size_between_a_stop_and_a_start() {
        mapped("erp-data").opens = 1;
        message("erp replog resize 16384");
        assertThat(daemons.calls).containsExactly("resize 8388608", "stop, keep", "start 2 2");
        assertThat(site(0).daemon().orElseThrow().log().sizeBytes()).hasValue(8388608);
        does("table", "erp");
        assertThat(out.toString()).contains(" auto 16384 ");
        assertThat(kernel.devices.keySet()).containsExactlyInAnyOrder("erp", "erp-data", "erp-wal");
        daemons.kill();
        does("resume", "erp");
        assertThat(site(0).daemon().orElseThrow().log().sizeBytes()).hasValue(8388608);
    }

    @Test
    void where_the_log_keeps_its_size_the_devices_go_on() {
        daemons.keepsLog = "the log keeps its size: it keeps what far lacks";
        refuses("what far lacks", "message", "erp", "0", "replog", "resize", "16384");
        assertThat(daemons.calls).containsExactly("resize 8388608");
        daemons.stopsForNothing = true;
        daemons.calls.clear();
        refuses("what far lacks", "message", "erp", "0", "replog", "resize", "16384");
        assertThat(daemons.calls).containsExactly("resize 8388608", "stop, keep", "start 2 2");
        assertThat(site(0).daemon().orElseThrow().log().sizeBytes()).hasValue(4194304);
        does("table", "erp");
        assertThat(out.toString()).contains(" auto 8192 ");
    }

    @Test
    void a_size_that_no_log_has_is_refused_before_anything_happens() {
        refuses("Invalid log size requested.", "message", "erp", "0", "replog", "resize", "4095");
        refuses("Invalid log size requested.", "message", "erp", "0", "replog", "resize", "1g");
        refuses("Invalid number of arguments.", "message", "erp", "0", "replog", "resize");
        assertThat(daemons.calls).isEmpty();
        does("remove", "erp-data", "erp-wal");
        refuses("create one first", "message", "erp", "0", "replog", "resize", "16384");
    }

    @Test
    void a_killed_command_leaves_a_group_that_starts_with_either_size() {
        does("remove", "erp-data", "erp-wal", "erp");
        does("create", "erp", "--table", control.replace("auto 8192", "open 8192"));
        does("create", "erp-data", "--table", data);
        assertThat(site(0).daemon().orElseThrow().log().sizeBytes()).hasValue(4194304);
        daemons.kill();
        does("resume", "erp");
        assertThat(site(0).daemon().orElseThrow().log().opening()).isEqualTo(LogOpening.OPEN);
        assertThat(site(0).daemon().orElseThrow().log().sizeBytes()).isEmpty();
        message("erp replog resize 16384");
        does("table", "erp");
        assertThat(out.toString()).contains(" open 16384 ");
    }
}
