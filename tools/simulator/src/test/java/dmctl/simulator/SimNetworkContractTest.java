package dmctl.simulator;

import dmctl.engine.port.Network;
import dmctl.engine.port.NetworkContract;
import dmctl.engine.port.Wire;
import dmctl.engine.port.World;
import java.util.List;

class SimNetworkContractTest extends NetworkContract {
    private final EventQueue queue = new EventQueue();

    @Override
    protected Network open(List<Wire> inbound) {
        SimRandom random = new SimRandom(3);
        SimNetwork network = new SimNetwork(queue, random, 5, 64 << 10, 800_000);
        SimThread thread = new SimThread("test", queue, random);
        network.listen(THERE, new SimNetwork.Listener(thread, inbound::add));
        network.powerCut(SILENT);
        return network.of(0, thread);
    }

    @Override
    protected World world() {
        return new SimWorld(queue);
    }
}
