/** A relay for tests and benchmarks: delays, throttles, stalls and cuts stream connections. */
@org.jspecify.annotations.NullMarked
module dmctl.tools.relay {
    requires static transitive org.jspecify;
    requires info.picocli;

    opens dmctl.tools.relay to
            info.picocli;
}
