package dmctl.engine.port;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every promise of {@link Network}. Whoever implements the port extends this. */
public abstract class NetworkContract {
    /** A site that can be reached. */
    protected static final int THERE = 1;

    /** A site where nobody listens. */
    protected static final int NOBODY = 2;

    /** A site that never answers. */
    protected static final int SILENT = 3;

    /** A site without an address. */
    protected static final int UNKNOWN = 4;

    private Network network;
    private World world;

    /**
     * Makes a network in which {@link #THERE} listens.
     *
     * @param inbound receives what arrives there
     * @return the network
     * @throws Exception if that fails
     */
    protected abstract Network open(List<Wire> inbound) throws Exception;

    /**
     * Returns what drives the network opened last.
     *
     * @return the world
     */
    protected abstract World world();

    private final List<Wire> inbound = new ArrayList<>();

    @BeforeEach
    void openNetwork() throws Exception {
        network = open(inbound);
        world = world();
    }

    /** Remembers how an attempt ended. */
    private static final class Ending implements Network.ConnectDone {
        private final List<Wire> wires = new ArrayList<>();
        private final List<String> reasons = new ArrayList<>();

        @Override
        public void connected(Wire wire) {
            wires.add(wire);
        }

        @Override
        public void failed(String reason) {
            reasons.add(reason);
        }

        int ends() {
            return wires.size() + reasons.size();
        }
    }

    private Ending connect(int siteNr) {
        Ending ending = new Ending();
        network.connect(siteNr, ending);
        assertThat(ending.ends()).as("told inside connect").isZero();
        world.runUntil(() -> ending.ends() > 0);
        world.settle();
        assertThat(ending.ends()).isEqualTo(1);
        return ending;
    }

    @Test
    void aSiteThatListensIsReached() {
        Ending ending = connect(THERE);
        assertThat(ending.reasons).isEmpty();
        world.runUntil(() -> inbound.size() == 1);
        ByteBuffer source = ByteBuffer.allocateDirect(3).put(0, new byte[] {1, 2, 3});
        assertThat(ending.wires.getFirst().write(source)).isEqualTo(3);
        ByteBuffer target = ByteBuffer.allocateDirect(3);
        inbound.getFirst().listen(reader(target));
        world.runUntil(() -> !target.hasRemaining());
        assertThat(target.get(2)).isEqualTo((byte) 3);
    }

    private static Wire.Events reader(ByteBuffer target) {
        return new Wire.Events() {
            @Override
            public void readable(Wire wire) {
                wire.read(target);
            }

            @Override
            public void writable(Wire wire) {
                throw new AssertionError("nothing was written");
            }

            @Override
            public void closed(Wire wire, String reason) {
                throw new AssertionError(reason);
            }
        };
    }

    @Test
    void severalConnectionsToOneSiteStandSideBySide() {
        Ending first = connect(THERE);
        Ending second = connect(THERE);
        assertThat(first.wires).hasSize(1);
        assertThat(second.wires).hasSize(1);
        world.runUntil(() -> inbound.size() == 2);
        assertThat(first.wires.getFirst()).isNotSameAs(second.wires.getFirst());
    }

    @Test
    void whereNobodyListensTheAttemptFailsWithAReason() {
        Ending ending = connect(NOBODY);
        assertThat(ending.wires).isEmpty();
        assertThat(ending.reasons.getFirst()).isNotEmpty();
    }

    @Test
    void anAttemptWithoutAnAnswerEnds() {
        Ending ending = connect(SILENT);
        assertThat(ending.wires).isEmpty();
        assertThat(ending.reasons.getFirst()).isNotEmpty();
    }

    @Test
    void aSiteWithoutAnAddressIsNamed() {
        Ending ending = connect(UNKNOWN);
        assertThat(ending.reasons.getFirst()).contains(String.valueOf(UNKNOWN));
    }
}
