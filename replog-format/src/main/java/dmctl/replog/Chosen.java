package dmctl.replog;

import org.jspecify.annotations.Nullable;

/**
 * The copy to use of a structure that is kept twice.
 *
 * @param value the structure
 * @param copy which copy it was read from: 0 or 1
 * @param other what is wrong with the other copy, null when it is sound (or blank, where that is
 *     allowed); to be reported, and mended by the next write
 * @param <T> type of the structure
 */
public record Chosen<T>(T value, int copy, @Nullable ReplogException other) {}
