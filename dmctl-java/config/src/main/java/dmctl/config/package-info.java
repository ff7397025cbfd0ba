/**
 * Table strings, YAML group files and units, read into one validated model, with errors that point
 * at the word that is wrong. Reads text and gives values: opens no device, starts no I/O and knows
 * nothing of the engine or the daemon.
 */
package dmctl.config;
