package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dmctl.engine.Term.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;

class TermHistoryTest {
    private static final Term FIRST = term(1, 0, Kind.FIRST);
    private static final Term REOPENED = term(2, 5, Kind.REOPENED);
    private static final Term TAKEOVER = term(1000, 9, Kind.TAKEOVER);

    private static Term term(long number, long previousLastSeq, Kind kind) {
        return new Term(number, number * 77, previousLastSeq, 0, kind);
    }

    private static TermHistory history(Term... terms) {
        return new TermHistory(List.of(terms));
    }

    // Where two logs agree

    @Test
    void logsOfOneHistoryAgreeUpToTheShorterOne() {
        TermHistory both = history(FIRST, REOPENED);
        assertThat(both.commonSeq(8, both, 8)).isEqualTo(8);
        assertThat(both.commonSeq(8, both, 6)).isEqualTo(6);
        assertThat(both.commonSeq(6, both, 8)).isEqualTo(6);
    }

    @Test
    void anAncestorAgreesUpToItsHead() {
        TermHistory ancestor = history(FIRST);
        TermHistory later = history(FIRST, REOPENED);
        assertThat(later.commonSeq(8, ancestor, 5)).isEqualTo(5);
        assertThat(later.commonSeq(8, ancestor, 3)).isEqualTo(3);
        assertThat(ancestor.commonSeq(3, later, 8)).isEqualTo(3);
    }

    @Test
    void recordsBeyondTheSeqWhereANewTermBeganAreSurplus() {
        TermHistory stale = history(FIRST);
        TermHistory later = history(FIRST, REOPENED);
        assertThat(later.commonSeq(8, stale, 7)).isEqualTo(5);
        assertThat(stale.commonSeq(7, later, 8)).isEqualTo(5);
    }

    @Test
    void forkedHistoriesAgreeUpToTheEarlierFork() {
        TermHistory one = history(FIRST, REOPENED);
        TermHistory other = history(FIRST, term(1000, 3, Kind.TAKEOVER));
        assertThat(one.commonSeq(8, other, 8)).isEqualTo(3);
        assertThat(other.commonSeq(8, one, 8)).isEqualTo(3);
    }

    @Test
    void termsOfOneNumberAndDifferentIdsAreDifferentTerms() {
        TermHistory one = history(FIRST, REOPENED);
        TermHistory other = history(FIRST, new Term(2, 99, 5, 1, Kind.REOPENED));
        assertThat(one.commonSeq(8, other, 8)).isEqualTo(5);
    }

    @Test
    void historiesWithoutACommonTermAgreeOnNothing() {
        TermHistory other = history(new Term(1, 99, 0, 1, Kind.FIRST));
        assertThat(history(FIRST).commonSeq(8, other, 8)).isZero();
        assertThat(history(FIRST).commonSeq(8, TermHistory.EMPTY, 0)).isZero();
        assertThat(TermHistory.EMPTY.commonSeq(0, history(FIRST), 8)).isZero();
    }

    @Test
    void aTermThatIsKnownButHoldsNoRecordsYetDoesNotCount() {
        TermHistory learnt = history(FIRST, REOPENED, TAKEOVER);
        assertThat(history(FIRST, REOPENED).commonSeq(7, learnt, 7)).isEqualTo(7);
    }

    // What may be cut off unasked

    @Test
    void surplusOfATermThatWasReopenedMayBeCutOff() {
        TermHistory later = history(FIRST, REOPENED);
        assertThat(later.reopenedWithout(8, history(FIRST), 7)).isTrue();
    }

    @Test
    void surplusMayBeCutOffThoughNothingAtAllWasLeftAfterTheReopening() {
        TermHistory later = history(FIRST, term(2, 0, Kind.REOPENED));
        assertThat(later.commonSeq(0, history(FIRST), 3)).isZero();
        assertThat(later.reopenedWithout(0, history(FIRST), 3)).isTrue();
    }

    @Test
    void surplusThatATakeoverLeftBehindIsNeverCutOffUnasked() {
        TermHistory later = history(FIRST, term(1000, 5, Kind.TAKEOVER));
        assertThat(later.reopenedWithout(8, history(FIRST), 7)).isFalse();
    }

    @Test
    void aTakeoverRightAfterAReopeningDoesNotLookLikeOne() {
        TermHistory later = history(FIRST, REOPENED, term(1000, 5, Kind.TAKEOVER));
        TermHistory surplus = history(FIRST, REOPENED);
        assertThat(later.commonSeq(8, surplus, 7)).isEqualTo(5);
        assertThat(later.reopenedWithout(8, surplus, 7)).isFalse();
    }

    @Test
    void aReopeningRightAfterATakeoverIsOne() {
        TermHistory later = history(FIRST, TAKEOVER, term(1001, 9, Kind.REOPENED));
        assertThat(later.reopenedWithout(9, history(FIRST, TAKEOVER), 12)).isTrue();
    }

    @Test
    void aForkIsNoReopeningEvenWhereThisSideWasReopened() {
        TermHistory later = history(FIRST, REOPENED);
        TermHistory fork = history(FIRST, term(1000, 5, Kind.TAKEOVER));
        assertThat(later.reopenedWithout(8, fork, 8)).isFalse();
    }

    @Test
    void aLogThatGoesOnInTheSameTermHasNotBeenReopened() {
        TermHistory both = history(FIRST, REOPENED);
        assertThat(both.reopenedWithout(8, both, 12)).isFalse();
    }

    // Reopened again and again

    private static final Term AGAIN = term(3, 5, Kind.REOPENED);

    @Test
    void aReopeningWithoutARecordIsReplacedByTheNext() {
        TermHistory history = history(FIRST, REOPENED);
        for (int number = 3; number < 10_000; number++) {
            history = history.open(term(number, 5, Kind.REOPENED));
        }
        assertThat(history.terms()).containsExactly(FIRST, term(9_999, 5, Kind.REOPENED));
    }

    @Test
    void onlyAReopeningOfTheSameSiteAtTheSameSeqIsReplaced() {
        assertThat(history(FIRST).open(term(2, 0, Kind.REOPENED)).terms()).hasSize(2);
        assertThat(history(FIRST, REOPENED).open(term(3, 6, Kind.REOPENED)).terms()).hasSize(3);
        assertThat(history(FIRST, REOPENED).open(term(1000, 5, Kind.TAKEOVER)).terms()).hasSize(3);
        assertThat(history(FIRST, TAKEOVER).open(term(1001, 9, Kind.REOPENED)).terms()).hasSize(3);
        Term elsewhere = new Term(3, 231, 5, 1, Kind.REOPENED);
        assertThat(history(FIRST, REOPENED).open(elsewhere).terms()).hasSize(3);
    }

    @Test
    void logsAgreeAsFarAsBeforeWhenATermHasBeenReplaced() {
        TermHistory later = history(FIRST, AGAIN);
        TermHistory other = history(FIRST, REOPENED);
        assertThat(later.commonSeq(8, other, 5)).isEqualTo(5);
        assertThat(later.commonSeq(8, other, 4)).isEqualTo(4);
        assertThat(later.commonSeq(8, other, 7)).isEqualTo(5);
        assertThat(later.knows(other)).isTrue();
        assertThat(other.knows(later)).isFalse();
    }

    @Test
    void surplusOfATermThatWasReplacedMayBeCutOff() {
        TermHistory later = history(FIRST, AGAIN, term(4, 8, Kind.REOPENED));
        assertThat(later.reopenedWithout(8, history(FIRST, REOPENED), 7)).isTrue();
        assertThat(history(FIRST, REOPENED).reopenedWithout(7, history(FIRST, AGAIN), 8)).isFalse();
    }

    @Test
    void recordsBeforeATermThatWasReplacedStillBelongToTheHistory() {
        assertThat(history(FIRST, AGAIN).continuedBy(history(FIRST, REOPENED), 5)).isTrue();
        assertThat(history(FIRST, AGAIN).continuedBy(history(FIRST, REOPENED), 6)).isFalse();
    }

    @Test
    void afterATakeoverNothingOfAReplacedTermIsCutOffUnasked() {
        TermHistory later =
                history(FIRST, term(1000, 5, Kind.TAKEOVER), term(1002, 5, Kind.REOPENED));
        assertThat(later.reopenedWithout(8, history(FIRST, REOPENED), 7)).isFalse();
        TermHistory followed =
                history(FIRST, term(1000, 5, Kind.TAKEOVER), term(1001, 5, Kind.REOPENED));
        assertThat(later.reopenedWithout(8, followed, 7)).isTrue();
    }

    // Terms

    @Test
    void upToAHeadKeepsTheTermsThatBeganThereOrBefore() {
        TermHistory all = history(FIRST, REOPENED, TAKEOVER);
        assertThat(all.upTo(4).terms()).containsExactly(FIRST);
        assertThat(all.upTo(5).terms()).containsExactly(FIRST, REOPENED);
        assertThat(all.upTo(100).terms()).containsExactly(FIRST, REOPENED, TAKEOVER);
    }

    @Test
    void aNewTermEndsTheHistoryWhereItBegins() {
        Term next = term(2000, 7, Kind.TAKEOVER);
        TermHistory opened = history(FIRST, REOPENED, TAKEOVER).open(next);
        assertThat(opened.terms()).containsExactly(FIRST, REOPENED, next);
        assertThat(opened.latestNumber()).isEqualTo(2000);
        assertThat(opened.latestId()).isEqualTo(next.id());
    }

    @Test
    void aTermWithoutAHigherNumberCannotBeOpened() {
        TermHistory history = history(FIRST, REOPENED);
        assertThatThrownBy(() -> history.open(term(2, 8, Kind.REOPENED)))
                .isInstanceOf(InvariantViolation.class);
    }

    @Test
    void aRecordBelongsToTheLastTermThatBeganBeforeIt() {
        TermHistory all = history(FIRST, REOPENED, TAKEOVER);
        assertThat(all.termOf(5)).isEqualTo(FIRST);
        assertThat(all.termOf(6)).isEqualTo(REOPENED);
        assertThat(all.termOf(10)).isEqualTo(TAKEOVER);
        assertThat(all.termOf(0)).isNull();
    }

    @Test
    void ofTwoTermsThatBeganAtOneSeqTheRecordsBelongToTheLater() {
        Term again = term(3, 5, Kind.REOPENED);
        assertThat(history(FIRST, REOPENED, again).termOf(6)).isEqualTo(again);
    }

    @Test
    void aRecordIsHeldOnlyUnderItsTermsNumberAndId() {
        TermHistory all = history(FIRST, REOPENED);
        assertThat(all.holds(6, 2, REOPENED.id())).isTrue();
        assertThat(all.holds(6, 2, 1)).isFalse();
        assertThat(all.holds(6, 1, FIRST.id())).isFalse();
        assertThat(all.holds(0, 1, FIRST.id())).isFalse();
    }

    @Test
    void aHistoryKnowsItsAncestorsAndNoFork() {
        TermHistory all = history(FIRST, REOPENED, TAKEOVER);
        assertThat(all.knows(TermHistory.EMPTY)).isTrue();
        assertThat(all.knows(history(FIRST, REOPENED))).isTrue();
        assertThat(all.knows(all)).isTrue();
        assertThat(history(FIRST, REOPENED).knows(all)).isFalse();
        assertThat(all.knows(history(FIRST, term(3, 6, Kind.REOPENED)))).isFalse();
    }

    @Test
    void anEmptyHistoryHasNoTerm() {
        assertThat(TermHistory.EMPTY.latestNumber()).isZero();
        assertThat(TermHistory.EMPTY.latestId()).isZero();
        assertThat(TermHistory.EMPTY.termOf(1)).isNull();
    }

    @Test
    void aTermTellsPeopleWhereItBeginsAndWhy() {
        assertThat(REOPENED.toString()).contains("term 2", "from seq 6", "site 0", "reopened");
        assertThat(Kind.of(2)).isEqualTo(Kind.TAKEOVER);
        assertThat(Kind.of(99)).isEqualTo(Kind.FIRST);
        assertThat(Kind.of(-1)).isEqualTo(Kind.FIRST);
    }
}
