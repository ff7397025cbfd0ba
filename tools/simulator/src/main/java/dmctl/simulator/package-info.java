/**
 * The engine's ports on memory, a virtual clock and a seed, with the faults of disks, links and
 * power, and the oracle that judges what is left. Nothing here waits in real time, and nothing here
 * is part of the product.
 */
package dmctl.simulator;
