package dmctl.nativebridge.devmapper;

/**
 * A type of target that the kernel knows.
 *
 * @param name of the type
 * @param major of its version
 * @param minor of its version
 * @param patch of its version
 */
public record TargetVersion(String name, int major, int minor, int patch) {}
