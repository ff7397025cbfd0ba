package dmctl.cli;

import dmctl.cli.replicator.ReplicatorMapper;
import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceMapperException;
import dmctl.nativebridge.devmapper.LogLine;
import java.util.function.Consumer;

/** The mapped devices of this machine, those of groups among them. */
public final class MappedDevices {
    private MappedDevices() {}

    /**
     * Opens device-mapper.
     *
     * @param log takes what is complained of
     * @return the kernel's, with the targets of groups
     * @throws DeviceMapperException says in one line what is missing and how to get it
     */
    public static DeviceMapper open(Consumer<LogLine> log) throws DeviceMapperException {
        return ReplicatorMapper.over(
                DeviceMapper.open(log), log, new LocalDaemons(), Main.Version.number());
    }
}
