package dmctl.simulator;

import dmctl.engine.port.Request;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;

/** Reads all devices of a group through its front end, and tells what every sector shows. */
final class ImageReader implements Request.Done {
    private static final int CHUNK = 32 << 10;

    private final SimProcess process;
    private final int[] deviceSectors;
    private final int[] found;
    private final Consumer<int[]> done;
    private final Consumer<String> failed;
    private final List<ByteBuffer> pool;
    private final byte[] scratch = new byte[CHUNK];
    private int nextDevice;
    private int nextSector;
    private int nextIndex;
    private int open;
    private boolean over;

    ImageReader(
            SimProcess process,
            int[] deviceSectors,
            List<ByteBuffer> pool,
            Consumer<int[]> done,
            Consumer<String> failed) {
        this.process = process;
        this.deviceSectors = deviceSectors;
        this.pool = pool;
        this.done = done;
        this.failed = failed;
        int total = 0;
        for (int sectors : deviceSectors) {
            total += sectors;
        }
        found = new int[total];
    }

    private record Chunk(int device, int firstSector, int index) {}

    void start() {
        for (int i = 0; i < 4; i++) {
            next();
        }
    }

    private void next() {
        if (nextDevice == deviceSectors.length || over) {
            return;
        }
        int sectors = Math.min(CHUNK / Stamp.SECTOR, deviceSectors[nextDevice] - nextSector);
        Request request = new Request();
        request.op = Request.Op.READ;
        request.devNr = nextDevice;
        request.offset = (long) nextSector * Stamp.SECTOR;
        request.length = (long) sectors * Stamp.SECTOR;
        ByteBuffer data =
                pool.isEmpty()
                        ? ByteBuffer.allocateDirect(Load.POOLED_BYTES + 4096).alignedSlice(4096)
                        : pool.removeLast();
        data.clear().limit((int) request.length);
        request.data = data;
        request.owner = new Chunk(nextDevice, nextSector, nextIndex);
        request.done = this;
        nextSector += sectors;
        nextIndex += sectors;
        if (nextSector == deviceSectors[nextDevice]) {
            nextDevice++;
            nextSector = 0;
        }
        open++;
        process.group().submit(request);
    }

    @Override
    public void requestTaken(Request request) {
        throw new Violation("a read was told that its bytes were taken");
    }

    @Override
    public void requestDone(Request request) {
        open--;
        Chunk chunk = (Chunk) request.owner;
        ByteBuffer data = request.data;
        if (request.error != 0) {
            if (!over) {
                over = true;
                failed.accept("error " + request.error);
            }
            return;
        }
        if (chunk == null || data == null || over) {
            return;
        }
        byte[] bytes = scratch;
        int length = (int) request.length;
        data.get(data.position(), bytes, 0, length);
        pool.add(data);
        for (int i = 0; i * Stamp.SECTOR < length; i++) {
            found[chunk.index + i] =
                    Stamp.read(bytes, i * Stamp.SECTOR, chunk.device, chunk.firstSector + i);
        }
        // Not from inside the engine's call: the next one is an event of its own.
        process.thread.after(0, this::goOn);
    }

    private void goOn() {
        next();
        if (open == 0 && nextDevice == deviceSectors.length && !over) {
            over = true;
            done.accept(found);
        }
    }
}
