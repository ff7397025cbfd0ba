/** Shows the devices of a group behind device-mapper's target {@code user} of Android kernels. */
package dmctl.daemon.dmuser;
