/** Ways in for applications that show a group's devices as block devices of this machine. */
package dmctl.daemon.front;
