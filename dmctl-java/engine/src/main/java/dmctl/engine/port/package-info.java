/**
 * The ports: everything the engine sees of the outside world, as interfaces, and the pooled objects
 * that cross them. The simulator and the daemon implement them; both run one contract suite. No
 * logic lives here.
 */
package dmctl.engine.port;
