/**
 * The dump and check tool: reads any log, also the original's, and prints or judges it. Opens files
 * read-only; how the bytes are laid out is the format module's matter.
 */
package dmctl.tools.replog;
