/** Reads, checks and prints any replog; never writes one. */
@org.jspecify.annotations.NullMarked
module dmctl.tools.replog {
    requires static transitive org.jspecify;
    requires dmctl.replog;
    requires info.picocli;

    opens dmctl.tools.replog to
            info.picocli;
}
