/**
 * Gives the devices of a group names under /dev/mapper: a linear table over what the front end
 * shows. Whatever is asked of device-mapper can block and is asked off the loop.
 */
package dmctl.daemon.mapper;
