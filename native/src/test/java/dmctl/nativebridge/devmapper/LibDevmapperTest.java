package dmctl.nativebridge.devmapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.ArgumentMatchers.anyLong;
import static org.mockito.ArgumentMatchers.anyShort;
import static org.mockito.ArgumentMatchers.anyString;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.doReturn;
import static org.mockito.Mockito.inOrder;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.mockito.InOrder;

/** What is asked of the library, in which order and from which thread; the library is a mock. */
class LibDevmapperTest {
    private static final DeviceRef DEVICE = DeviceRef.named("x");

    private final Libdm dm = mock(Libdm.class);
    private final List<LogLine> said = new ArrayList<>();
    private final Memory task = new Memory(8);
    private final Set<String> threads = new HashSet<>();
    private LibDevmapper mapper = new LibDevmapper(dm, said::add, 50_000_000);

    @BeforeEach
    void everythingSucceeds() {
        when(dm.dm_task_create(anyInt()))
                .thenAnswer(call -> {
                    threads.add(Thread.currentThread().getName());
                    return task;
                });
        when(dm.dm_task_run(any())).thenReturn(1);
        when(dm.dm_task_set_name(any(), anyString())).thenReturn(1);
        when(dm.dm_task_set_uuid(any(), anyString())).thenReturn(1);
        when(dm.dm_task_set_major(any(), anyInt())).thenReturn(1);
        when(dm.dm_task_set_minor(any(), anyInt())).thenReturn(1);
        when(dm.dm_task_add_target(any(), anyLong(), anyLong(), anyString(), anyString()))
                .thenReturn(1);
        when(dm.dm_task_get_info(any(), any())).thenReturn(1);
        when(dm.dm_task_set_cookie(any(), any(), anyShort())).thenReturn(1);
    }

    @AfterEach
    void tidy() {
        mapper.close();
        task.close();
    }

    /** Lets the library hand out a cookie that udev is done with when {@code ready} says so. */
    private void udevRuns(int ready) {
        when(dm.dm_udev_get_sync_support()).thenReturn(1);
        when(dm.dm_task_set_cookie(any(), any(), anyShort()))
                .thenAnswer(call -> {
                    call.getArgument(1, IntByReference.class).setValue(77);
                    return 1;
                });
        when(dm.dm_udev_wait_immediate(eq(77), any()))
                .thenAnswer(call -> {
                    call.getArgument(1, IntByReference.class).setValue(ready);
                    return 1;
                });
        when(dm.dm_udev_complete(anyInt())).thenReturn(1);
    }

    @Test
    void no_task_is_no_further_call() {
        when(dm.dm_task_create(anyInt())).thenReturn(null);

        assertThatThrownBy(() -> mapper.suspend(DEVICE, TaskOptions.NONE))
                .isInstanceOf(DeviceMapperException.class)
                .hasMessage("device-mapper: SUSPEND failed");
        verify(dm, never()).dm_task_set_name(any(), anyString());
        verify(dm, never()).dm_task_run(any());
        verify(dm, never()).dm_task_destroy(any());
    }

    @Test
    void a_table_is_set_before_the_task_runs_and_the_task_goes_at_last() throws Exception {
        NewDevice device =
                new NewDevice(
                        "x",
                        Optional.of("DMCTL-1"),
                        Optional.of(new DeviceNumber(253, 7)),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        Optional.of(List.of(new TableLine(0, 8, "linear", "7:0 0"))));

        mapper.create(device, TaskOptions.NONE);

        InOrder order = inOrder(dm);
        order.verify(dm).dm_task_create(0);
        order.verify(dm).dm_task_set_name(task, "x");
        order.verify(dm).dm_task_set_uuid(task, "DMCTL-1");
        order.verify(dm).dm_task_add_target(task, 0, 8, "linear", "7:0 0");
        order.verify(dm).dm_task_set_major(task, 253);
        order.verify(dm).dm_task_set_minor(task, 7);
        order.verify(dm).dm_task_set_cookie(eq(task), any(), eq((short) 0x20));
        order.verify(dm).dm_task_run(task);
        order.verify(dm).dm_udev_wait(0);
        order.verify(dm).dm_task_destroy(task);
    }

    @Test
    void a_failed_run_gives_the_errno_of_the_task_and_what_the_library_said() {
        when(dm.dm_task_run(any()))
                .thenAnswer(call -> {
                    try (Memory text = new Memory(64)) {
                        text.setString(0, "remove ioctl on x failed: Device or resource busy");
                        logCallback().line(0x83, Pointer.NULL, 1, Pointer.NULL, text);
                    }
                    return 0;
                });
        when(dm.dm_task_get_errno(task)).thenReturn(16);

        DeviceMapperException failed =
                catchThrowableOfType(
                        DeviceMapperException.class, () -> mapper.remove(DEVICE, TaskOptions.NONE));

        assertThat(failed).hasMessage("remove ioctl on x failed: Device or resource busy");
        assertThat(failed.errno()).isEqualTo(16);
        assertThat(failed.told()).isTrue();
        assertThat(said).containsExactly(new LogLine(3, true, failed.getMessage()));
        verify(dm).dm_task_destroy(task);
    }

    /** The method that the library would call. */
    private Libdm.Log logCallback() {
        return mapper.callback();
    }

    @Test
    void the_wait_for_udev_ends_when_it_is_done() throws Exception {
        udevRuns(1);

        mapper.resume(DEVICE, TaskOptions.NONE);

        verify(dm).dm_udev_wait_immediate(eq(77), any());
        verify(dm, never()).dm_udev_complete(anyInt());
        verify(dm, never()).dm_udev_wait(anyInt());
    }

    @Test
    void the_wait_for_udev_has_a_bound_and_takes_the_semaphore_away() throws Exception {
        udevRuns(0);
        when(dm.dm_udev_complete(77))
                .thenAnswer(call -> {
                    when(dm.dm_udev_wait_immediate(eq(77), any()))
                            .thenAnswer(wait -> {
                                wait.getArgument(1, IntByReference.class).setValue(1);
                                return 1;
                            });
                    return 1;
                });

        mapper.resume(DEVICE, TaskOptions.NONE);

        verify(dm, times(1)).dm_udev_complete(77);
        assertThat(said)
                .singleElement()
                .satisfies(line -> {
                    assertThat(line.level()).isEqualTo(LogLine.WARNING);
                    assertThat(line.text()).startsWith("udev has said nothing for");
                });
    }

    @Test
    void a_failed_run_waits_for_udev_all_the_same() {
        udevRuns(1);
        when(dm.dm_task_run(any())).thenReturn(0);

        assertThatThrownBy(() -> mapper.resume(DEVICE, TaskOptions.NONE))
                .isInstanceOf(DeviceMapperException.class);
        verify(dm).dm_udev_wait_immediate(eq(77), any());
    }

    @Test
    void a_device_without_table_waits_for_no_udev_and_later_tasks_do() throws Exception {
        udevRuns(1);
        when(dm.dm_udev_get_sync_support()).thenReturn(1, 0);

        mapper.create(
                new NewDevice(
                        "x",
                        Optional.empty(),
                        Optional.empty(),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        Optional.empty()),
                TaskOptions.NONE);

        InOrder order = inOrder(dm);
        order.verify(dm).dm_udev_set_sync_support(0);
        order.verify(dm).dm_task_run(task);
        order.verify(dm).dm_udev_set_sync_support(1);
    }

    @Test
    void somebody_elses_cookie_is_not_waited_for() throws Exception {
        udevRuns(1);

        mapper.resume(DEVICE, new TaskOptions(Set.of(), Optional.empty(), 0xD4D0001));

        verify(dm, never()).dm_udev_wait_immediate(anyInt(), any());
        verify(dm, never()).dm_udev_wait(anyInt());
    }

    @Test
    void flags_become_calls() throws Exception {
        when(dm.dm_task_no_flush(any())).thenReturn(1);
        when(dm.dm_task_skip_lockfs(any())).thenReturn(1);
        when(dm.dm_task_retry_remove(any())).thenReturn(1);

        mapper.suspend(DEVICE, TaskOptions.of(TaskFlag.NO_FLUSH, TaskFlag.NO_LOCK_FS));
        mapper.remove(DEVICE, TaskOptions.of(TaskFlag.RETRY));

        verify(dm).dm_task_no_flush(task);
        verify(dm).dm_task_skip_lockfs(task);
        verify(dm).dm_task_retry_remove(task);
        verify(dm, never()).dm_task_deferred_remove(any());
    }

    @Test
    void the_state_is_read_from_the_long_struct() throws Exception {
        when(dm.dm_task_get_info(any(), any()))
                .thenAnswer(call -> {
                    Pointer info = call.getArgument(1);
                    assertThat(((Memory) info).size()).isEqualTo(48);
                    int[] words = {1, 0, 1, 1, 2, 9, 253, 4, 1, 3, 1, 0};
                    info.write(0, words, 0, words.length);
                    return 1;
                });
        try (Memory name = new Memory(8)) {
            name.setString(0, "x");
            when(dm.dm_task_get_name(any())).thenReturn(name);

            DeviceState state = mapper.info(DEVICE, TaskOptions.NONE);

            assertThat(state)
                    .isEqualTo(
                            new DeviceState(
                                    new DeviceInfo(
                                            true,
                                            false,
                                            true,
                                            true,
                                            2,
                                            9,
                                            new DeviceNumber(253, 4),
                                            true,
                                            3,
                                            true),
                                    "x",
                                    "",
                                    OptionalInt.empty()));
        }
    }

    @Test
    void the_list_of_names_is_followed_to_its_end() throws Exception {
        try (Memory names = new Memory(64)) {
            names.clear();
            names.setLong(0, (253L << 8) | 1);
            names.setInt(8, 24);
            names.setString(12, "one");
            names.setLong(24, (253L << 8) | 0x100002); // minor 258
            names.setInt(32, 0);
            names.setString(36, "two");
            when(dm.dm_task_get_names(any())).thenReturn(names);

            assertThat(mapper.list())
                    .containsExactly(
                            new ListedDevice("one", new DeviceNumber(253, 1)),
                            new ListedDevice("two", new DeviceNumber(253, 258)));

            names.setLong(0, 0);
            assertThat(mapper.list()).isEmpty();
        }
    }

    @Test
    void the_lines_of_a_table_are_read_to_the_last() throws Exception {
        try (Memory linear = new Memory(16);
                Memory params = new Memory(16);
                Memory cursor = new Memory(8)) {
            linear.setString(0, "linear");
            params.setString(0, "7:0 0");
            when(dm.dm_get_next_target(any(), any(), any(), any(), any(), any()))
                    .thenAnswer(call -> {
                        boolean first = call.getArgument(1) == null;
                        call.getArgument(2, LongByReference.class).setValue(first ? 0 : 8);
                        call.getArgument(3, LongByReference.class).setValue(8);
                        call.getArgument(4, PointerByReference.class).setValue(linear);
                        call.getArgument(5, PointerByReference.class).setValue(params);
                        return first ? cursor : null;
                    });

            assertThat(mapper.table(DEVICE, TaskOptions.NONE).lines())
                    .containsExactly(
                            new TableLine(0, 8, "linear", "7:0 0"),
                            new TableLine(8, 8, "linear", "7:0 0"));
        }
        doReturn(null).when(dm).dm_get_next_target(any(), any(), any(), any(), any(), any());
        assertThat(mapper.table(DEVICE, TaskOptions.NONE).lines()).isEmpty();
    }

    @Test
    void one_thread_owns_the_library() throws Exception {
        Thread other =
                Thread.ofPlatform()
                        .start(() -> {
                            try {
                                mapper.suspend(DEVICE, TaskOptions.NONE);
                            } catch (DeviceMapperException e) {
                                throw new IllegalStateException(e);
                            }
                        });
        mapper.suspend(DEVICE, TaskOptions.NONE);
        other.join();

        assertThat(threads).containsExactly("devmapper");
    }

    @Test
    void a_complaint_of_one_task_is_not_the_next_ones() {
        when(dm.dm_task_set_name(any(), anyString()))
                .thenAnswer(call -> {
                    try (Memory text = new Memory(64)) {
                        text.setString(0, "Name too long");
                        logCallback().line(3, Pointer.NULL, 1, Pointer.NULL, text);
                    }
                    return 0;
                })
                .thenReturn(0);

        assertThatThrownBy(() -> mapper.suspend(DEVICE, TaskOptions.NONE))
                .hasMessage("Name too long");
        assertThatThrownBy(() -> mapper.suspend(DEVICE, TaskOptions.NONE))
                .hasMessage("libdevmapper refuses an argument");
    }
}
