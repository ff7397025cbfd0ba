/**
 * The NBD server of a group: every device is an export, every connection is driven by the one
 * thread that owns the group, and nothing here blocks or locks.
 */
package dmctl.daemon.nbd;
