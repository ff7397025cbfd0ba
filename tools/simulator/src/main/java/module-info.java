/** The engine on a simulated world: memory, a virtual clock and a seed. */
@org.jspecify.annotations.NullMarked
module dmctl.simulator {
    requires static transitive org.jspecify;
    requires transitive dmctl.engine;
    requires dmctl.replog;
    requires info.picocli;

    opens dmctl.simulator to
            info.picocli;
}
