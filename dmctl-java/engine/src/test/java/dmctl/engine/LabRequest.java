package dmctl.engine;

import dmctl.engine.port.ExtentList;
import dmctl.engine.port.Request;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A request of an application, and what has become of it. */
final class LabRequest implements Request.Done {
    private final Lab lab;
    private final Request request = new Request();
    private boolean taken;
    private boolean ended;

    LabRequest(Lab lab, Request.Op op, int devNr) {
        this.lab = lab;
        request.op = op;
        request.devNr = devNr;
        request.done = this;
        request.unmap = true;
    }

    /** Carries letters, one for each sector. */
    LabRequest at(int sector, String letters) {
        range(sector, letters.length());
        ByteBuffer data = data();
        data.put(0, Letters.bytes(letters));
        return this;
    }

    LabRequest range(int sector, int sectors) {
        request.offset = (long) sector * LabSite.SECTOR;
        request.length = (long) sectors * LabSite.SECTOR;
        request.data = Buffers.aligned((int) request.length);
        return this;
    }

    /** Off by some bytes. */
    LabRequest shift(int bytes) {
        request.offset += bytes;
        return this;
    }

    LabRequest into(ExtentList extents) {
        request.extents = extents;
        return this;
    }

    LabRequest fua() {
        request.fua = true;
        return this;
    }

    LabRequest submit(Group group) {
        taken = group.submit(request);
        return this;
    }

    /** Lets everything happen that needs no time; demands success. */
    LabRequest mustSucceed() {
        lab.settle();
        if (!ended || request.error != 0) {
            throw new AssertionError(ended ? "ended with errno " + request.error : "has not ended");
        }
        return this;
    }

    /** Lets everything happen that needs no time. */
    LabRequest settled() {
        lab.settle();
        return this;
    }

    /** Its bytes are copied. */
    boolean isTaken() {
        return taken;
    }

    boolean hasEnded() {
        return ended;
    }

    boolean hasSucceeded() {
        return ended && request.error == 0;
    }

    /** The errno it ended with, 0 for success. */
    int errno() {
        if (!ended) {
            throw new AssertionError("has not ended");
        }
        return request.error;
    }

    String letters() {
        byte[] bytes = new byte[(int) request.length];
        data().get(0, bytes);
        return Letters.read(bytes, 0, bytes.length);
    }

    private ByteBuffer data() {
        @Nullable ByteBuffer data = request.data;
        if (data == null) {
            throw new AssertionError("no data");
        }
        return data;
    }

    @Override
    public void requestTaken(Request of) {
        taken = true;
    }

    @Override
    public void requestDone(Request of) {
        if (ended) {
            throw new AssertionError("told twice");
        }
        ended = true;
        if (request.op != Request.Op.READ) {
            lab.trace().add(request.op.name().toLowerCase(java.util.Locale.ROOT) + " completed");
        }
    }
}
