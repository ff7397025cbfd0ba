/**
 * The kernel's device-mapper through libdevmapper: tasks as methods, answers as records. Nothing
 * here touches the library on a host without device-mapper, whose first call would make a device
 * node there and then crash the JVM.
 */
package dmctl.nativebridge.devmapper;
