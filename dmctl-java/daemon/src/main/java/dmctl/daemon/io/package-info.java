/**
 * The real ports: files and block devices, sockets, time, and the loop of the thread that owns a
 * group.
 *
 * <p>Storage goes through the C library ({@link dmctl.nativebridge.NativeFile}) and not through
 * FileChannel, because a FileChannel hides its descriptor, which has to carry the lock; closes
 * itself when its thread is interrupted; cannot punch holes or write zeroes; and does not tell
 * errors apart by number.
 *
 * <p>Threads: one for each group runs {@link dmctl.daemon.io.GroupLoop}; one, where the kernel
 * permits it, does the reads, writes and flushes of devices and the reads of the log through
 * io_uring; each storage has a few workers that do nothing but blocking calls: the writes of the
 * log, where one at a time is under way and a ring would be one hand-over more, and the rest. An
 * operation goes to a worker and its end comes back through intrusive lock-free queues, without
 * allocation. Sockets are served by the loop itself.
 */
package dmctl.daemon.io;
