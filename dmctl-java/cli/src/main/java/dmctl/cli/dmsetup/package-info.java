/**
 * {@code dmctl dmsetup}: the command lines and the output of dmsetup(8). The verbs know of mapped
 * devices only; whose they are is the mapper's business.
 */
package dmctl.cli.dmsetup;
