/**
 * dmctld: the engine's ports on real files, devices and sockets, the NBD server, the ublk and
 * device-mapper front ends, the admin socket, metrics and the status page. No rule of replication
 * lives here; those are the engine's.
 */
package dmctl.daemon;
