package dmctl.replog;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.replog.RecoveryCase.Data;
import dmctl.replog.RecoveryCase.Outcome;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RecoveryCaseTest {
    private static final int DATA_INTACT = 1 << 9;
    private static final int FLUSHED = 1 << 10;
    private static final int DATA_UNREAD = 1 << 11;
    private static final int ALL_OK = 0x3ff;

    /** Every combination of findings, as bits in the order of the table's columns. */
    private static int[] combinations() {
        return java.util.stream.IntStream.range(0, 1 << 12)
                .filter(f -> (f & DATA_UNREAD) == 0 || (f & DATA_INTACT) == 0)
                .toArray();
    }

    @Test
    void everyCombinationOfFindingsMatchesExactlyOneRow() {
        int[] combinations = combinations();
        assertThat(combinations).hasSize(3 << 10);
        for (int findings : combinations) {
            List<RecoveryCase> rows =
                    Stream.of(RecoveryCase.values()).filter(row -> row.matches(findings)).toList();
            assertThat(rows).as(Integer.toBinaryString(findings)).hasSize(1);
            assertThat(RecoveryCase.decide(findings)).isEqualTo(rows.get(0));
        }
    }

    @Test
    void noRowIsDead() {
        Set<RecoveryCase> met = EnumSet.noneOf(RecoveryCase.class);
        for (int findings : combinations()) {
            met.add(RecoveryCase.decide(findings));
        }
        assertThat(met).containsExactlyInAnyOrder(RecoveryCase.values());
    }

    @Test
    void onlyAFrameWithoutAnyFaultIsAccepted() {
        for (int findings : combinations()) {
            boolean sound =
                    (findings & (ALL_OK & ~DATA_INTACT)) == (ALL_OK & ~DATA_INTACT)
                            && (findings & (DATA_INTACT | DATA_UNREAD)) != 0;
            boolean accepted = RecoveryCase.decide(findings).outcome() == Outcome.ACCEPT;
            assertThat(accepted).as(Integer.toBinaryString(findings)).isEqualTo(sound);
        }
    }

    @Test
    void theLogNeverEndsAtOrBelowTheFlushedMark() {
        for (int findings : combinations()) {
            Outcome outcome = RecoveryCase.decide(findings | FLUSHED).outcome();
            assertThat(outcome).isNotEqualTo(Outcome.END_OF_LOG);
        }
    }

    @Test
    void aboveTheFlushedMarkOnlyAWritersFaultIsDamage() {
        for (int findings : combinations()) {
            RecoveryCase row = RecoveryCase.decide(findings & ~FLUSHED);
            assertThat(row.outcome() == Outcome.DAMAGE).isEqualTo(row.writerBug());
        }
    }

    @Test
    void theFlushedMarkOnlyTurnsAnEndIntoDamage() {
        for (int findings : combinations()) {
            Outcome above = RecoveryCase.decide(findings & ~FLUSHED).outcome();
            Outcome below = RecoveryCase.decide(findings | FLUSHED).outcome();
            assertThat(below).isEqualTo(above == Outcome.END_OF_LOG ? Outcome.DAMAGE : above);
        }
    }

    @Test
    void anUnreadablePlaceIsAnErrorWhateverElseIsKnown() {
        for (int findings : combinations()) {
            Outcome outcome = RecoveryCase.decide(findings & ~1).outcome();
            assertThat(outcome).isEqualTo(Outcome.IO_ERROR);
        }
    }

    @Test
    void aTailHintThatPointsAtNothingIsDamageWhenRecordsExist() {
        long tailSeq = 41;
        long flushedMark = 42;
        boolean expectedIsFlushed = tailSeq + 1 <= flushedMark;
        for (FrameFault fault : FrameFault.values()) {
            if (fault != FrameFault.NONE && fault != FrameFault.TOO_NEW) {
                RecoveryCase row =
                        RecoveryCase.decide(fault, true, true, Data.UNREAD, expectedIsFlushed);
                assertThat(row.outcome()).as("%s", fault).isEqualTo(Outcome.DAMAGE);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyFaultOfAFrameHasItsOwnMeaning(FrameFault fault) {
        RecoveryCase row = RecoveryCase.decide(fault, true, true, Data.INTACT, false);
        assertThat(row)
                .isEqualTo(
                        switch (fault) {
                            case NONE -> RecoveryCase.ACCEPTED;
                            case NOT_A_FRAME -> RecoveryCase.END_NO_FRAME;
                            case TOO_NEW -> RecoveryCase.NEWER_FRAME;
                            case BAD_CHECKSUM, BAD_BODY, BAD_LENGTH -> RecoveryCase.END_TORN_HEAD;
                            case OTHER_LOG -> RecoveryCase.END_OTHER_LOG;
                            case OTHER_POSITION -> RecoveryCase.END_OTHER_LAP;
                            case BROKEN_CHAIN -> RecoveryCase.END_OTHER_CHAIN;
                        });
    }

    @Test
    void openingSeqAndDataAreJudgedInThisOrder() {
        FrameFault none = FrameFault.NONE;
        assertThat(RecoveryCase.decide(none, false, false, Data.BAD, true))
                .isEqualTo(RecoveryCase.REPLACEMENT_MISSING);
        assertThat(RecoveryCase.decide(none, false, true, Data.INTACT, false))
                .isEqualTo(RecoveryCase.END_CUT_OFF);
        assertThat(RecoveryCase.decide(none, true, false, Data.BAD, false))
                .isEqualTo(RecoveryCase.SEQ_JUMP);
        assertThat(RecoveryCase.decide(none, true, true, Data.BAD, false))
                .isEqualTo(RecoveryCase.END_TORN_DATA);
        assertThat(RecoveryCase.decide(none, true, true, Data.BAD, true))
                .isEqualTo(RecoveryCase.DATA_DAMAGED);
        assertThat(RecoveryCase.decide(none, true, true, Data.UNREAD, true))
                .isEqualTo(RecoveryCase.ACCEPTED_DATA_UNREAD);
    }

    @Test
    void aTallyNamesTheRowsMet() {
        RecoveryTally tally = new RecoveryTally();
        tally.add(RecoveryCase.END_NO_FRAME);
        tally.add(RecoveryCase.ACCEPTED);
        RecoveryTally sum = new RecoveryTally();
        sum.add(RecoveryCase.ACCEPTED);
        sum.addAll(tally);
        assertThat(sum).hasToString("ACCEPTED=2 END_NO_FRAME=1");
        assertThat(sum.count(RecoveryCase.ACCEPTED)).isEqualTo(2);
        assertThat(sum.count(RecoveryCase.UNREADABLE)).isZero();
        assertThat(sum.toString().toLowerCase(Locale.ROOT)).doesNotContain("unreadable");
    }
}
