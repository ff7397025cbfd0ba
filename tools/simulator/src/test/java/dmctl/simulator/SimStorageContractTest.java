package dmctl.simulator;

import dmctl.engine.port.Storage;
import dmctl.engine.port.StorageContract;
import dmctl.engine.port.World;

class SimStorageContractTest extends StorageContract {
    private final EventQueue queue = new EventQueue();
    private final SimRandom random = new SimRandom(3);

    @Override
    protected Storage open(long bytes) {
        SimDisk disk = new SimDisk("disk", (int) bytes, true);
        return new SimStorage(disk, new SimThread("test", queue, random), random, BLOCK);
    }

    @Override
    protected World world() {
        return new SimWorld(queue);
    }
}
