package dmctl.daemon;

import dmctl.config.Address;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.DaemonPlaces;
import dmctl.daemon.io.GroupLoop;
import dmctl.daemon.nbd.Export;
import dmctl.daemon.nbd.NbdLimits;
import dmctl.daemon.nbd.NbdServer;
import dmctl.engine.port.FrontEnd;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/** The ways in for applications. On the loop, or before it starts. */
final class FrontEnds {
    private final NbdServer nbd;

    private FrontEnds(NbdServer nbd) {
        this.nbd = nbd;
    }

    /** Opens every way in that the group's file names for this site. */
    static FrontEnds open(
            GroupConfig config,
            DaemonPlaces places,
            FrontEnd group,
            GroupLoop loop,
            Consumer<String> events)
            throws IOException {
        if (places.frontEnd() != GroupConfig.FrontEnd.SOCKETS) {
            throw new IOException(
                    "front-end: this release has sockets only; write \"front-end: sockets\"");
        }
        List<Export> exports =
                config.devices().stream()
                        .map(device ->
                                new Export(
                                        device.name(),
                                        config.name(),
                                        device.nr(),
                                        device.sizeBytes(),
                                        config.blockSize()))
                        .toList();
        NbdServer nbd = new NbdServer(exports, group, NbdLimits.DEFAULT, loop::register, events);
        for (Address address : places.nbd()) {
            nbd.listen(Definitions.address(address), config.insecure());
        }
        return new FrontEnds(nbd);
    }

    /** Does what comes after the group's turn; true if the group should have its turn again. */
    boolean endOfRound() {
        return nbd.endOfRound();
    }

    /** Ends every connection and stops listening. */
    void close() {
        nbd.close();
    }
}
