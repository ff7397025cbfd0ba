package dmctl.nativebridge.devmapper;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import org.jspecify.annotations.Nullable;

/**
 * The functions of libdevmapper that are used, by their own names. Each int is 1 for done and 0 for
 * not, unless it is said. No function is safe to call from two threads.
 */
interface Libdm extends Library {
    /** By its soname: the plain name is only there where one compiles. */
    String SONAME = "libdevmapper.so.1.02.1";

    /** Takes a finished text: the library formats it, and what it hands on is "%s" and the text. */
    interface Log extends Callback {
        void line(int level, Pointer file, int line, Pointer format, Pointer text);
    }

    void dm_log_init(Log log);

    int dm_get_library_version(byte[] version, NativeLong size);

    int dm_driver_version(byte[] version, NativeLong size);

    @Nullable Pointer dm_task_create(int type);

    void dm_task_destroy(Pointer task);

    int dm_task_run(Pointer task);

    /** Returns the errno of the kernel's answer. */
    int dm_task_get_errno(Pointer task);

    int dm_task_set_name(Pointer task, String name);

    int dm_task_set_uuid(Pointer task, String uuid);

    int dm_task_set_newname(Pointer task, String name);

    int dm_task_set_newuuid(Pointer task, String uuid);

    int dm_task_set_major(Pointer task, int major);

    int dm_task_set_minor(Pointer task, int minor);

    int dm_task_set_uid(Pointer task, int uid);

    int dm_task_set_gid(Pointer task, int gid);

    int dm_task_set_mode(Pointer task, int mode);

    int dm_task_set_ro(Pointer task);

    int dm_task_add_target(Pointer task, long start, long size, String type, String params);

    int dm_task_set_message(Pointer task, String message);

    int dm_task_set_sector(Pointer task, long sector);

    @Nullable Pointer dm_task_get_message_response(Pointer task);

    int dm_task_set_event_nr(Pointer task, int eventNr);

    int dm_task_no_flush(Pointer task);

    int dm_task_no_open_count(Pointer task);

    int dm_task_skip_lockfs(Pointer task);

    int dm_task_query_inactive_table(Pointer task);

    int dm_task_enable_checks(Pointer task);

    int dm_task_retry_remove(Pointer task);

    int dm_task_deferred_remove(Pointer task);

    int dm_task_set_add_node(Pointer task, int addNode);

    int dm_task_set_read_ahead(Pointer task, int sectors, int flags);

    int dm_task_get_read_ahead(Pointer task, IntByReference sectors);

    /** Fills 48 bytes; see {@link TaskAnswer}. */
    int dm_task_get_info(Pointer task, Pointer info);

    @Nullable Pointer dm_task_get_deps(Pointer task);

    @Nullable Pointer dm_task_get_names(Pointer task);

    @Nullable Pointer dm_task_get_versions(Pointer task);

    @Nullable Pointer dm_task_get_name(Pointer task);

    @Nullable Pointer dm_task_get_uuid(Pointer task);

    /** Returns where the target after this one is; null behind the last. */
    @Nullable Pointer dm_get_next_target(
            Pointer task,
            @Nullable Pointer next,
            LongByReference start,
            LongByReference length,
            PointerByReference type,
            PointerByReference params);

    int dm_device_get_name(
            int major, int minor, int preferKernelName, byte[] name, NativeLong size);

    int dm_mknodes(@Nullable String name);

    void dm_udev_set_sync_support(int on);

    int dm_udev_get_sync_support();

    int dm_task_set_cookie(Pointer task, IntByReference cookie, short flags);

    int dm_udev_wait(int cookie);

    int dm_udev_wait_immediate(int cookie, IntByReference ready);

    int dm_udev_complete(int cookie);

    void dm_lib_release();
}
