package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.Term.Kind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A history that can take no further term. */
class RolesTest {
    private static final LogIdentity IDENTITY =
            new LogIdentity(3, 4, 1 << 20, 1 << 20, 16384, 131072, 12 << 10, 0, 0);

    private final Replica replica = Lab.of(Lab.primary("home")).site("home").parts(IDENTITY);

    private void fill(int missing) {
        List<Term> terms = new ArrayList<>();
        for (int i = 1; i <= Checkpoints.termsMax(replica) - missing; i++) {
            terms.add(new Term(i, i * 7L, 0, 0, i == 1 ? Kind.FIRST : Kind.TAKEOVER));
        }
        replica.standing().history = new TermHistory(terms);
    }

    @Test
    void thereIsRoomForManyTermsAndTheLimitIsFarFromTheEndOfTheSlot() {
        assertThat(Checkpoints.termsMax(replica)).isBetween(2_000, 3_500);
    }

    @Test
    void aTakeoverThatWouldNeedOneTermTooManyIsRefusedWithTheRemedy() {
        fill(0);
        StringBuilder answer = new StringBuilder();
        replica.roles()
                .takeover(
                        false,
                        new Admin.Done() {
                            @Override
                            public void done(String text) {
                                answer.append("done: ").append(text);
                            }

                            @Override
                            public void refused(String text) {
                                answer.append(text);
                            }
                        });
        assertThat(answer.toString())
                .startsWith("the history holds")
                .contains("new history begins");
        assertThat(replica.roles().busy()).isFalse();
    }

    @Test
    void aRestartThatWouldNeedOneTermTooManyFailsWithTheRemedy() {
        fill(0);
        replica.roles().resumePrimary(false, false);
        replica.roles().pump();
        assertThat(replica.failure()).contains("remove their logs");
    }

    @Test
    void theLastTermThatFitsIsOpened() {
        fill(1);
        replica.roles().resumePrimary(false, false);
        replica.roles().pump();
        assertThat(replica.failure()).isEmpty();
        assertThat(replica.history().terms()).hasSize(Checkpoints.termsMax(replica));
    }
}
