/** What talks to the kernel and knows nothing of replication. */
@org.jspecify.annotations.NullMarked
module dmctl.nativebridge {
    requires static transitive org.jspecify;

    exports dmctl.nativebridge;
}
