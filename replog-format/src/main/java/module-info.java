/** The on-disk formats of dmctl and nothing else. */
@org.jspecify.annotations.NullMarked
module dmctl.replog {
    requires static transitive org.jspecify;

    exports dmctl.replog;
}
