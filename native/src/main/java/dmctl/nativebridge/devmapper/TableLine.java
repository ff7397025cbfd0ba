package dmctl.nativebridge.devmapper;

/**
 * One line of a table, or of the status of one.
 *
 * @param start first sector
 * @param length number of sectors
 * @param target its type
 * @param params what is behind the type
 */
public record TableLine(long start, long length, String target, String params) {}
