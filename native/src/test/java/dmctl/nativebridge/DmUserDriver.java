package dmctl.nativebridge;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;

/**
 * The kernel's side of dm-user, by the rules of Android's driver: a read positioned in the head
 * gives no payload; a message belongs to the channel that read it; a bad write succeeds and poisons
 * the channel; a bio's fate is told by the type of the answer; closing a channel fails what it has
 * read; a destroyed target gives ENOTBLK before anything else; after the last channel has gone,
 * bios fail at once.
 */
public final class DmUserDriver {
    private static final int HEAD = DmUserMessage.HEAD_BYTES;
    private static final long SECTOR = DmUserMessage.SECTOR_BYTES;

    /** Bytes a single call moves at most, so that calls come out short. */
    public volatile int callBytesMax = Integer.MAX_VALUE;

    /** Complaints of the driver that are expected noise: an error for a read that carries data. */
    public int warnings;

    /** Channels that a bad write has poisoned. */
    public int poisoned;

    private final Queue<Message> toUser = new ArrayDeque<>();
    private long nextSeq;
    private int channels;
    private boolean daemonLeft;
    private boolean destroyed;

    private static final class Message {
        final long seq;
        final byte[] toUser;
        final byte[] data;
        final CompletableFuture<byte[]> end = new CompletableFuture<>();
        int given;
        int got;

        Message(long seq, long type, long flags, long sector, byte[] payload, int length) {
            this.seq = seq;
            this.data = new byte[type == DmUserMessage.READ ? length : 0];
            byte[] body = type == DmUserMessage.WRITE ? payload : new byte[0];
            this.toUser = new byte[HEAD + body.length];
            MemorySegment head = MemorySegment.ofArray(toUser);
            DmUserMessage.put(head, seq, type, flags, sector, length);
            System.arraycopy(body, 0, toUser, HEAD, body.length);
        }

        void fail() {
            end.completeExceptionally(new java.io.IOException("I/O error"));
        }
    }

    /** Hands in a bio; ends with the bytes of a read, exceptionally with an I/O error. */
    private synchronized CompletableFuture<byte[]> submit(
            long type, long flags, long offset, byte[] payload, int length) {
        Message message = new Message(nextSeq++, type, flags, offset / SECTOR, payload, length);
        if (destroyed || (daemonLeft && channels == 0)) {
            message.fail();
        } else {
            toUser.add(message);
            notifyAll();
        }
        return message.end;
    }

    /** Any request without data of its own. */
    public CompletableFuture<byte[]> request(long type, long flags, long offset, int length) {
        return submit(type, flags, offset, new byte[0], length);
    }

    /** A write. */
    public CompletableFuture<byte[]> write(long offset, byte[] data, long flags) {
        return submit(DmUserMessage.WRITE, flags, offset, data.clone(), data.length);
    }

    /** A read. */
    public CompletableFuture<byte[]> read(long offset, int length) {
        return request(DmUserMessage.READ, 0, offset, length);
    }

    /** A flush, as device-mapper sends it. */
    public CompletableFuture<byte[]> flush() {
        return write(0, new byte[0], DmUserMessage.PREFLUSH);
    }

    /** Opens the device once more. */
    public synchronized DmUserCalls open() {
        channels++;
        return new Channel();
    }

    /** Opens so far that are not closed. */
    public synchronized int channels() {
        return channels;
    }

    /** Removes the device-mapper device: nothing is read any more. */
    public synchronized void destroy() {
        destroyed = true;
        notifyAll();
    }

    private final class Channel implements DmUserCalls {
        private final List<Message> read = new ArrayList<>();
        private final byte[] scratch = new byte[HEAD];
        private int scratchBytes;
        private long readError;
        private long writeError;
        private Message giving;
        private Message getting;
        private long answer;
        private boolean closed;

        @Override
        public long read(long address, long length) {
            synchronized (DmUserDriver.this) {
                if (readError != 0) {
                    return readError;
                }
                if (giving == null) {
                    awaitMessage();
                    if (destroyed) {
                        readError = -Errno.ENOTBLK;
                        return readError;
                    }
                    giving = toUser.remove();
                }
                int end = giving.given < HEAD ? HEAD : giving.toUser.length;
                int bytes = (int) Math.min(Math.min(length, callBytesMax), end - giving.given);
                memory(address, bytes)
                        .copyFrom(
                                MemorySegment.ofArray(giving.toUser).asSlice(giving.given, bytes));
                giving.given += bytes;
                if (giving.given == giving.toUser.length) {
                    read.add(giving);
                    giving = null;
                }
                return bytes;
            }
        }

        private void awaitMessage() {
            boolean interrupted = false;
            while (toUser.isEmpty() && !destroyed) {
                try {
                    DmUserDriver.this.wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public long write(long address, long length) {
            synchronized (DmUserDriver.this) {
                if (writeError != 0) {
                    return writeError;
                }
                long offered = Math.min(length, callBytesMax);
                long done = 0;
                if (getting == null) {
                    int bytes = (int) Math.min(offered, HEAD - scratchBytes);
                    if (bytes == 0) {
                        poison();
                        return 0;
                    }
                    MemorySegment.ofArray(scratch)
                            .asSlice(scratchBytes, bytes)
                            .copyFrom(memory(address, bytes));
                    scratchBytes += bytes;
                    done = bytes;
                    if (scratchBytes < HEAD) {
                        return done;
                    }
                    if (!find()) {
                        poison();
                        return done;
                    }
                }
                return done + data(address + done, offered - done);
            }
        }

        private boolean find() {
            MemorySegment head = MemorySegment.ofArray(scratch);
            long seq = DmUserMessage.seq(head);
            answer = DmUserMessage.type(head);
            for (Message message : read) {
                if (message.seq == seq) {
                    getting = message;
                    read.remove(message);
                    return true;
                }
            }
            return false;
        }

        private void poison() {
            writeError = -Errno.EINVAL;
            poisoned++;
        }

        private long data(long address, long offered) {
            Message message = getting;
            int bytes = 0;
            if (answer == DmUserMessage.SUCCESS) {
                bytes = (int) Math.min(offered, message.data.length - message.got);
                MemorySegment.ofArray(message.data)
                        .asSlice(message.got, bytes)
                        .copyFrom(memory(address, bytes));
                message.got += bytes;
                if (message.got < message.data.length) {
                    return bytes;
                }
                message.end.complete(message.data);
            } else {
                warnings += message.data.length > message.got ? 1 : 0;
                message.fail();
            }
            getting = null;
            scratchBytes = 0;
            return bytes;
        }

        @Override
        public void close() {
            synchronized (DmUserDriver.this) {
                if (closed) {
                    return;
                }
                closed = true;
                if (giving != null) {
                    giving.fail();
                }
                if (getting != null) {
                    getting.fail();
                }
                read.forEach(Message::fail);
                channels--;
                if (channels == 0) {
                    daemonLeft = true;
                    toUser.forEach(Message::fail);
                    toUser.clear();
                }
            }
        }
    }

    @SuppressWarnings("restricted")
    private static MemorySegment memory(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    /** A head as the driver lays it out, byte for byte. */
    static byte[] head(long seq, long type, long flags, long sector, long length) {
        byte[] head = new byte[HEAD];
        MemorySegment out = MemorySegment.ofArray(head);
        ValueLayout.OfLong word =
                ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.nativeOrder());
        long[] words = {seq, type, flags, sector, length};
        for (int i = 0; i < words.length; i++) {
            out.set(word, 8L * i, words[i]);
        }
        return head;
    }
}
