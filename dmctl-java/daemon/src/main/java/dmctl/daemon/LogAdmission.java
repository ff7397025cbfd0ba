package dmctl.daemon;

import dmctl.config.GroupConfig.LogPlace;
import dmctl.config.LogOpening;
import dmctl.config.Units;
import java.io.IOException;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Holds what is at the place of a log against what may be done there, before the engine sees it: a
 * log is opened, or made where there is nothing, or refused by name.
 */
final class LogAdmission {
    private final LogPlace place;
    private final Consumer<String> said;

    LogAdmission(LogPlace place, Consumer<String> said) {
        this.place = place;
        this.said = said;
    }

    /**
     * Decides how large the log is that begins at the place.
     *
     * @param deviceBytes size of the file or device
     * @return bytes, no more than there are behind the start
     */
    long sizeBytes(long deviceBytes) throws IOException, DaemonFailure {
        long room = deviceBytes - place.startBytes();
        if (room <= 0) {
            throw refused(" ends before byte " + place.startBytes(), "correct the log's start");
        }
        return switch (LogPlaceContent.at(place.path(), place.startBytes())) {
            case LogPlaceContent.Nothing nothing -> made(room);
            case LogPlaceContent.Log(long totalBytes) -> found(totalBytes, room);
            case LogPlaceContent.Unsound(var fault) ->
                    throw new DaemonFailure(
                            DaemonFailure.CANNOT_OPEN, String.valueOf(fault.getMessage()));
            case LogPlaceContent.Other(String name, String remedy) ->
                    throw refused(" holds " + name + ", and no log is made over it", remedy);
        };
    }

    private long made(long room) throws DaemonFailure {
        if (place.opening() == LogOpening.OPEN) {
            throw refused(
                    ": Can't create new replog on open! There is none",
                    "correct the path, or have one made with auto or create");
        }
        long bytes = place.sizeBytes().orElse(room);
        if (bytes > room) {
            throw refused(
                    " has " + room + " bytes for a log that is to have " + bytes,
                    "make it larger, or the log smaller");
        }
        return bytes;
    }

    private long found(long bytes, long room) throws DaemonFailure {
        if (place.opening() == LogOpening.CREATE) {
            throw refused(
                    ": OT_CREATE requested, but existing log found! It has "
                            + Units.formatSize(bytes),
                    "use it with auto or open, or another place");
        }
        if (place.sizeBytes().isPresent() && place.sizeBytes().getAsLong() != bytes) {
            String both =
                    String.format(
                            Locale.ROOT,
                            " has a log of %d bytes (%s), not of %d",
                            bytes,
                            Units.formatSize(bytes),
                            place.sizeBytes().getAsLong());
            if (place.opening() == LogOpening.OPEN) {
                throw refused(both, "write the size it has, or none");
            }
            said.accept(place.path() + both + "; it keeps the size it was made with");
        }
        if (bytes > room) {
            throw refused(
                    String.format(
                            Locale.ROOT,
                            " has a log of %d bytes (%s), of which only %d are there",
                            bytes,
                            Units.formatSize(bytes),
                            room),
                    "bring back the whole of it");
        }
        return bytes;
    }

    private DaemonFailure refused(String what, String remedy) {
        return new DaemonFailure(
                DaemonFailure.CANNOT_OPEN,
                place.path()
                        + (place.startBytes() == 0 ? "" : " at byte " + place.startBytes())
                        + what
                        + "; "
                        + remedy);
    }
}
