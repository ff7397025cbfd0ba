/**
 * The table strings of device-mapper's {@code replicator} and {@code replicator-dev} targets: the
 * grammar of 2009, the one-line form of 2008, what LVM2 wrote, and links of type {@code tcp}. A
 * model, a reader with errors that point at the word, one canonical way to write each table, and
 * the way to and from a group's file. TABLES.md beside the manual describes the grammar.
 */
package dmctl.config.table;
