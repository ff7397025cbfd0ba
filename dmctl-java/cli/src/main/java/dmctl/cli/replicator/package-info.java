/**
 * Tables of the targets {@code replicator} and {@code replicator-dev} for {@code dmctl dmsetup}:
 * kept for the kernel, which has no such targets, and carried out by the daemon of their group.
 */
package dmctl.cli.replicator;
