/** Table strings, YAML and units, read into one validated model. */
@org.jspecify.annotations.NullMarked
module dmctl.config {
    requires static transitive org.jspecify;
    requires org.yaml.snakeyaml;

    exports dmctl.config;
    exports dmctl.config.table;
}
