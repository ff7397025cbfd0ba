/** dmctld: the engine on real ports. */
@org.jspecify.annotations.NullMarked
module dmctl.daemon {
    requires static transitive org.jspecify;
    requires com.grack.nanojson;
    requires dmctl.config;
    requires dmctl.engine;
    requires dmctl.nativebridge;
    requires dmctl.replog;
    requires org.slf4j;
}
