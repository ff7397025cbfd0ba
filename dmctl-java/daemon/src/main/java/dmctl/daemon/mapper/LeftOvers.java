package dmctl.daemon.mapper;

import dmctl.config.GroupConfig;
import dmctl.config.SiteSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** What an earlier daemon of a site has left at device-mapper. Before the loop runs. */
public final class LeftOvers {
    private LeftOvers() {}

    static List<GroupConfig.FrontEnd> kinds(MapperRecord record) throws IOException {
        List<GroupConfig.FrontEnd> kinds = new ArrayList<>();
        for (String word : record.frontEnds()) {
            kinds.add(
                    SiteSettings.named(GroupConfig.FrontEnd.class, word)
                            .orElseThrow(() ->
                                    new IOException(
                                            "the state folder names a front end that is not known: "
                                                    + word)));
        }
        return kinds;
    }

    /**
     * Returns which kinds of front ends devices of an earlier daemon still lead to.
     *
     * @param stateDir of the site
     * @param machine whose device-mapper it is
     * @return the kinds
     * @throws IOException if the state folder cannot be used
     */
    public static List<GroupConfig.FrontEnd> kinds(Path stateDir, Machine machine)
            throws IOException {
        return kinds(MapperRecord.of(stateDir, machine.boot()));
    }

    /**
     * Removes what an earlier daemon of the site has made and nobody asks for any more; but not
     * what is in use.
     *
     * @param wanted the names that are asked for
     * @param stateDir of the site
     * @param machine whose device-mapper it is
     * @param events told what an administrator should read, one line each
     */
    public static void remove(
            List<Wanted> wanted, Path stateDir, Machine machine, Consumer<String> events) {
        try {
            MapperRecord record = MapperRecord.of(stateDir, machine.boot());
            MapperHost host = new MapperHost(machine, record, events);
            host.removeLeftOvers(wanted);
            host.close();
        } catch (IOException e) {
            events.accept("mapper: " + e.getMessage());
        }
    }
}
