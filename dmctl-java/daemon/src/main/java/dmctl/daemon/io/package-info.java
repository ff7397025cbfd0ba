/**
 * The real ports: files and block devices, sockets, time, and the loop of the thread that owns a
 * group.
 *
 * <p>Storage goes through the C library ({@link dmctl.nativebridge.NativeFile}) and not through
 * FileChannel, because a FileChannel hides its descriptor, which has to carry the lock; closes
 * itself when its thread is interrupted; cannot punch holes or write zeroes; and does not tell
 * errors apart by number.
 *
 * <p>Threads: one for each group runs {@link dmctl.daemon.io.GroupLoop}, serves the sockets and,
 * where the kernel permits it, does the reads and writes of log and devices through io_uring: to
 * hand one over and take its end back costs two wake-ups, more than the operation. Each storage has
 * a few workers that do nothing but blocking calls: flushes, for which the kernel would use a
 * thread of its own, and what a ring does not do. An operation goes to a worker and its end comes
 * back through intrusive lock-free queues, without allocation.
 */
package dmctl.daemon.io;
