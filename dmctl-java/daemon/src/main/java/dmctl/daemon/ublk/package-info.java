/**
 * The group's devices as /dev/ublkbN, by the kernel's ublk driver. Requests arrive in a ring of the
 * thread that owns the group, which carries them out itself; a second thread makes, takes over and
 * removes devices, since the driver makes it wait for the first. A device outlives the daemon that
 * serves it: what a killed one had is sent again to the next.
 */
package dmctl.daemon.ublk;
