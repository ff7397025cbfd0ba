/**
 * The state machine of a group: writes, order, completion, site links, roles. It touches the world
 * only through {@link dmctl.engine.port}; it starts I/O and is told of its end, and never blocks,
 * spawns, sleeps or asks a clock. Run twice on the same seed and inputs it does the same.
 */
package dmctl.engine;
