/** What talks to the kernel and knows nothing of replication. */
@org.jspecify.annotations.NullMarked
module dmctl.nativebridge {
    requires static transitive org.jspecify;
    requires com.sun.jna;

    exports dmctl.nativebridge;
    exports dmctl.nativebridge.devmapper;

    // JNA calls back, and looks for the method by reflection.
    opens dmctl.nativebridge.devmapper to
            com.sun.jna;
}
