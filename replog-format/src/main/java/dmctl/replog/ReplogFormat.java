package dmctl.replog;

/** What every part of the on-disk format shares. */
public final class ReplogFormat {
    /** Version that this code writes. */
    public static final int VERSION = 1;

    private ReplogFormat() {}
}
