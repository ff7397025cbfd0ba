package dmctl.nativebridge;

/** Whether this machine has a kernel that the bridge can talk to. */
public final class NativeBridge {
    private NativeBridge() {}

    /**
     * Tells whether the running kernel is Linux.
     *
     * @return true on Linux
     */
    public static boolean isSupported() {
        return System.getProperty("os.name", "").equals("Linux");
    }
}
