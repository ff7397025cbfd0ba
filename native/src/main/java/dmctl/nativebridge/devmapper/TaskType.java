package dmctl.nativebridge.devmapper;

/** The kinds of tasks, by the library's numbers. */
enum TaskType {
    CREATE(0),
    RELOAD(1),
    REMOVE(2),
    SUSPEND(4),
    RESUME(5),
    INFO(6),
    DEPS(7),
    RENAME(8),
    STATUS(10),
    TABLE(11),
    WAITEVENT(12),
    LIST(13),
    CLEAR(14),
    LIST_VERSIONS(16),
    TARGET_MSG(17);

    final int number;

    TaskType(int number) {
        this.number = number;
    }

    /** Whether udev hears of it and is waited for. */
    boolean tellsUdev() {
        return this == CREATE || this == REMOVE || this == RESUME || this == RENAME;
    }
}
