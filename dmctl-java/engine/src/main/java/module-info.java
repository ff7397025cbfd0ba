/** The state machine of a group: one thread, no blocking, no clock, no I/O of its own. */
@org.jspecify.annotations.NullMarked
module dmctl.engine {
    requires static transitive org.jspecify;
    requires transitive dmctl.replog;

    exports dmctl.engine;
    exports dmctl.engine.port;

    uses dmctl.engine.SiteLinkType;

    provides dmctl.engine.SiteLinkType with
            dmctl.engine.TcpLinkType,
            dmctl.engine.BlockdevLinkType;
}
