/** dmctl: commands and reports. */
@org.jspecify.annotations.NullMarked
module dmctl.cli {
    requires static transitive org.jspecify;
    requires com.grack.nanojson;
    requires dmctl.config;
    requires dmctl.nativebridge;
    requires info.picocli;

    opens dmctl.cli to
            info.picocli;
}
