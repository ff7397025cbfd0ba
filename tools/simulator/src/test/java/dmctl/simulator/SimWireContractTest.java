package dmctl.simulator;

import dmctl.engine.port.Wire;
import dmctl.engine.port.WireContract;
import dmctl.engine.port.World;
import java.util.ArrayList;
import java.util.List;

class SimWireContractTest extends WireContract {
    private final EventQueue queue = new EventQueue();

    @Override
    protected Pair connect() {
        SimRandom random = new SimRandom(3);
        SimNetwork network = new SimNetwork(queue, random, 2, 64 << 10, 800_000);
        SimThread thread = new SimThread("test", queue, random);
        List<Wire> right = new ArrayList<>();
        List<Wire> left = new ArrayList<>();
        network.listen(1, new SimNetwork.Listener(thread, right::add));
        network.of(0, thread)
                .connect(
                        1,
                        new dmctl.engine.port.Network.ConnectDone() {
                            @Override
                            public void connected(Wire wire) {
                                left.add(wire);
                            }

                            @Override
                            public void failed(String reason) {
                                throw new AssertionError(reason);
                            }
                        });
        world().runUntil(() -> !left.isEmpty() && !right.isEmpty());
        return new Pair(left.getFirst(), right.getFirst());
    }

    @Override
    protected World world() {
        return new SimWorld(queue);
    }
}
