/**
 * The way to the kernel: libc, io_uring, ublk, dm-user and nbd netlink over the foreign function
 * interface, libdevmapper over JNA. Knows nothing of groups, sites or logs, and keeps no state but
 * what the kernel's handles need. Calls return a negative errno inside; exceptions are thrown at
 * this module's border.
 */
package dmctl.nativebridge;
