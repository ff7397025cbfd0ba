package dmctl.config;

import java.nio.file.Path;
import java.util.Objects;

/** Where the files of groups are on a machine that runs them as services. */
public final class GroupPlaces {
    /** Folder of the groups' files, each called {@code GROUP.yaml}. */
    public static final Path SYSTEM_FILES = Path.of("/etc/dmctl");

    /** Folder of the folders that relative paths in those files are relative to. */
    public static final Path SYSTEM_STATE = Path.of("/var/lib/dmctl");

    private GroupPlaces() {}

    /**
     * Returns what relative paths in a group's file are relative to: its own folder; for one among
     * the system's, which hold no data, a folder of the file's name among the system's state.
     *
     * @param file the group's file, absolute
     * @return a folder
     */
    public static Path folder(Path file) {
        Path parent = Objects.requireNonNull(file.getParent());
        if (!parent.equals(SYSTEM_FILES)) {
            return parent;
        }
        String name = Objects.requireNonNull(file.getFileName()).toString();
        int dot = name.lastIndexOf('.');
        return SYSTEM_STATE.resolve(dot > 0 ? name.substring(0, dot) : name);
    }
}
