/**
 * A TCP relay for tests and benchmarks: delays, throttles, stalls and cuts what passes through it.
 * Knows nothing of what the bytes mean.
 */
package dmctl.tools.relay;
