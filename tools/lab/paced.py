"""A load of writes at a fixed rate that remembers how long each took, and how many completed."""

import random
import select
import threading
import time

from lab import nbd


class PacedLoad:
    """Writes blocks at random places of one device. Survives the server's end if told so."""

    def __init__(
        self, place, size, rate, block=4096, depth=64, seed=1, start=0, kind=nbd.WRITE
    ):
        """place: address and export. rate: writes per second, 0 for as fast as depth allows.
        kind: nbd.TRIM discards the blocks instead."""
        self.kind = kind
        self.place = place
        self.span = (start // block, (start + size) // block)
        self.rate = rate
        self.block = block
        self.depth = depth
        self.random = random.Random(seed)
        self.data = self.random.randbytes(block)
        self.latencies = []
        self.completions = []
        self.issued = 0
        self.completed = 0
        self.error = None
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._work, name="paced", daemon=True)
        self.thread.start()

    def _work(self):
        try:
            connection = nbd.Connection(*self.place)
            try:
                self._drive(connection)
            finally:
                connection.close(orderly=connection.in_flight == 0)
        except (OSError, nbd.NbdError) as e:
            self.error = e

    def _drive(self, connection):
        began = time.monotonic()
        open_writes = {}
        paced = 0
        while not self.ending.is_set() or open_writes:
            now = time.monotonic()
            due = int((now - began) * self.rate) if self.rate else 1 << 62
            while not self.ending.is_set() and paced < due and len(open_writes) < self.depth:
                self._write(connection, open_writes)
                paced += 1
            writing = [connection] if connection.output else []
            wait = 0.2 if not self.rate or len(open_writes) >= self.depth else 0.5 / self.rate
            readable, writable, _ = select.select([connection], writing, [], min(0.2, wait))
            if writable:
                connection.push()
            if readable:
                for cookie, error, _ in connection.pull():
                    if error:
                        raise nbd.NbdError(f"errno {error}")
                    now = time.monotonic()
                    self.latencies.append(now - open_writes.pop(cookie))
                    self.completions.append(now)
                    self.completed += 1

    def _write(self, connection, open_writes):
        block = self.random.randrange(*self.span)
        self.issued += 1
        tag = self.issued.to_bytes(8, "little")
        data = tag + self.data[8:]
        if self.kind != nbd.WRITE:
            data = b""
        cookie = connection.submit(self.kind, block * self.block, self.block, data)
        open_writes[cookie] = time.monotonic()

    def stop(self, seconds=60):
        """Lets what is in flight end; returns why it ended early, or None."""
        self.ending.set()
        self.thread.join(seconds)
        if self.thread.is_alive():
            raise TimeoutError("writes are not answered")
        return self.error

    def longest_gap(self):
        """Longest time between two completions, in seconds."""
        pairs = zip(self.completions, self.completions[1:])
        return max((after - before for before, after in pairs), default=0.0)

    def longest_write(self):
        return max(self.latencies, default=0.0)
