/**
 * Shows the devices of a group through the kernel's NBD client. What the kernel is told can take
 * its time and may even need the devices: it is told off the loop.
 */
package dmctl.daemon.kernelnbd;
