#!/usr/bin/python3
"""An NBD server whose disk has a volatile write cache: a power cut loses what was not flushed, or
keeps any part of it, sector by sector.

    volatile_server.py SOCKET FILE SEED

SIGUSR1 is the power cut: some of the unflushed sectors reach FILE, in no order, the process ends.
nbdkit's cache filter (1.32) is no such disk: a trim passes beneath its cache, which keeps showing
what was trimmed, and cache-max-size drops unflushed data while the power is on.
"""

import mmap
import os
import random
import signal
import socket
import struct
import sys
import threading

SECTOR = 512
OPTION_MAGIC = 0x49484156454F5054
REPLY_MAGIC = 0x3E889045565A9
HAS_FLAGS, SEND_FLUSH, SEND_FUA, SEND_TRIM, SEND_ZEROES = 1, 4, 8, 32, 64
FLAGS = HAS_FLAGS | SEND_FLUSH | SEND_FUA | SEND_TRIM | SEND_ZEROES
EINVAL = 22


class Disk:
    """What reads see, what is durable, and which sectors differ."""

    def __init__(self, path, seed):
        self.file = open(path, "r+b")
        self.durable = mmap.mmap(self.file.fileno(), 0)
        self.size = len(self.durable)
        self.now = bytearray(self.durable)
        self.dirty = set()
        self.lock = threading.Lock()
        self.random = random.Random(seed)

    def read(self, offset, length):
        with self.lock:
            return bytes(self.now[offset : offset + length])

    def write(self, offset, data):
        with self.lock:
            self.now[offset : offset + len(data)] = data
            first, last = offset // SECTOR, (offset + len(data) - 1) // SECTOR
            self.dirty.update(range(first, last + 1))

    def flush(self):
        with self.lock:
            for sector in self.dirty:
                self.keep(sector)
            self.dirty.clear()

    def keep(self, sector):
        start = sector * SECTOR
        self.durable[start : start + SECTOR] = self.now[start : start + SECTOR]

    def power_cut(self):
        """Runs in a signal handler of the main thread, which holds no lock itself."""
        self.lock.acquire()
        share = self.random.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        # Sectors of a page mostly share their fate, now and then a page is torn.
        for page in sorted({sector // 8 for sector in self.dirty}):
            torn = self.random.random() < 0.2
            whole = self.random.random() < share
            for sector in range(page * 8, page * 8 + 8):
                if sector in self.dirty and (self.random.random() < share if torn else whole):
                    self.keep(sector)
        os._exit(0)


class Client:
    def __init__(self, connection, disk):
        self.connection = connection
        self.disk = disk

    def receive(self, length):
        data = bytearray(length)
        view = memoryview(data)
        while view:
            count = self.connection.recv_into(view)
            if count == 0:
                raise ConnectionResetError
            view = view[count:]
        return bytes(data)

    def send(self, data):
        self.connection.sendall(data)

    def serve(self):
        try:
            with self.connection:
                if self.negotiate():
                    self.transmit()
        except ConnectionError:
            return

    def negotiate(self):
        """Returns whether an export was chosen."""
        self.send(struct.pack(">8sQH", b"NBDMAGIC", OPTION_MAGIC, 3))
        no_zeroes = struct.unpack(">I", self.receive(4))[0] & 2
        while True:
            _, option, length = struct.unpack(">QII", self.receive(16))
            self.receive(length)
            if option == 1:
                self.send(struct.pack(">QH", self.disk.size, FLAGS))
                self.send(b"" if no_zeroes else bytes(124))
                return True
            if option in (6, 7):
                information = struct.pack(">HQH", 0, self.disk.size, FLAGS)
                self.reply_option(option, 3, information)
                self.reply_option(option, 1)
                if option == 7:
                    return True
            elif option == 2:
                self.reply_option(option, 1)
                return False
            else:
                self.reply_option(option, 0x80000001)

    def reply_option(self, option, kind, data=b""):
        self.send(struct.pack(">QIII", REPLY_MAGIC, option, kind, len(data)) + data)

    def transmit(self):
        while True:
            _, flags, kind, cookie, offset, length = struct.unpack(">IHHQQI", self.receive(28))
            data = self.receive(length) if kind == 1 else b""
            if kind == 2:
                return
            answer, error = b"", 0
            if kind != 3 and offset + length > self.disk.size:
                error = EINVAL
            elif kind == 0:
                answer = self.disk.read(offset, length)
            elif kind == 1:
                self.disk.write(offset, data)
            elif kind in (4, 6):
                self.disk.write(offset, bytes(length))
            elif kind != 3:
                error = EINVAL
            if kind == 3 or flags & 1:
                self.disk.flush()
            self.send(struct.pack(">IIQ", 0x67446698, error, cookie) + answer)


def main():
    path, file, seed = sys.argv[1:]
    disk = Disk(file, int(seed))
    signal.signal(signal.SIGUSR1, lambda *_: disk.power_cut())
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=Client(connection, disk).serve, daemon=True).start()


if __name__ == "__main__":
    main()
