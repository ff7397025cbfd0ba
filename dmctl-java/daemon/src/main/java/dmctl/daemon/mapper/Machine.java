package dmctl.daemon.mapper;

import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceMapperException;
import dmctl.nativebridge.devmapper.DeviceNumber;
import dmctl.nativebridge.devmapper.LogLine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What mapped devices need of a machine. */
public interface Machine {
    /**
     * Opens its device-mapper.
     *
     * @return the way there
     * @throws DeviceMapperException says in one line what is missing and how to get it
     */
    DeviceMapper mapper() throws DeviceMapperException;

    /**
     * Finds a block device.
     *
     * @param path under /dev
     * @return its number
     * @throws IOException if there is none
     */
    DeviceNumber number(String path) throws IOException;

    /**
     * Returns by what this boot differs from all others.
     *
     * @return one word
     * @throws IOException if the kernel does not say
     */
    String boot() throws IOException;

    /** This machine. */
    Machine THIS = new ThisMachine();

    /** The kernel's own. */
    final class ThisMachine implements Machine {
        private static final Logger LOG = LoggerFactory.getLogger(Machine.class);

        private ThisMachine() {}

        @Override
        public DeviceMapper mapper() throws DeviceMapperException {
            return DeviceMapper.open(ThisMachine::log);
        }

        private static void log(LogLine line) {
            if (line.level() <= LogLine.ERROR) {
                LOG.warn("device-mapper: {}", line.text());
            } else {
                LOG.debug("device-mapper: {}", line.text());
            }
        }

        @Override
        public DeviceNumber number(String path) throws IOException {
            Path name = Objects.requireNonNull(Path.of(path).getFileName());
            Path file = Path.of("/sys/class/block").resolve(name).resolve("dev");
            try {
                String[] words =
                        Files.readString(file, StandardCharsets.US_ASCII).strip().split(":", 2);
                return new DeviceNumber(Integer.parseInt(words[0]), Integer.parseInt(words[1]));
            } catch (NoSuchFileException e) {
                throw new IOException(path + " is not there", e);
            }
        }

        @Override
        public String boot() throws IOException {
            return Files.readString(
                            Path.of("/proc/sys/kernel/random/boot_id"), StandardCharsets.US_ASCII)
                    .strip();
        }
    }
}
