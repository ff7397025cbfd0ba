"""A client that writes by a plan from a seed, stamps what it writes and keeps a journal."""

import os
import pickle
import random
import select
import threading
import time

import oracle

from lab import nbd


class Writer:
    """Writes to all devices of a group at once; the journal outlives every server."""

    def __init__(self, seed, sizes, depth=8, writer=1, keep=None):
        """sizes: of the devices in bytes, in order; keep: folder for what is found in violation."""
        self.keep = keep
        self.random = random.Random(seed)
        self.sizes = sizes
        self.depth = depth
        self.writer = writer
        self.clock = 0
        self.number = 0
        self.operations = []
        self.base = [[oracle.ZERO] * (size // oracle.SECTOR) for size in sizes]
        self.error = None
        self.stopping = threading.Event()
        self.thread = None

    def tick(self):
        self.clock += 1
        return self.clock

    def plan(self, device):
        """The next operation on a device."""
        draw = self.random.random()
        sectors = self.sizes[device] // oracle.SECTOR
        self.number += 1
        if draw < 0.04:
            return oracle.Operation(self.number, device, 0, 0, flush=True)
        count = self.random.choice((1, 1, 3, 8, 8, 8, 8, 16, 32, 128))
        # Half of all on a sixteenth of the device, so that operations overlap.
        span = sectors if self.random.random() < 0.5 else max(256, sectors // 16)
        first = self.random.randrange(0, max(1, min(span, sectors) - count))
        return oracle.Operation(
            self.number, device, first, count, zero=draw < 0.12, fua=0.12 <= draw < 0.2
        )

    def submit(self, connection, op):
        op.issued = self.tick()
        self.operations.append(op)
        offset, length = op.first * oracle.SECTOR, op.count * oracle.SECTOR
        flags = nbd.FUA if op.fua else 0
        if op.flush:
            return connection.submit(nbd.FLUSH)
        if op.zero:
            kind = nbd.TRIM if op.number % 2 and connection.trim_zeroes else nbd.WRITE_ZEROES
            return connection.submit(kind, offset, length, flags=flags)
        return connection.submit(
            nbd.WRITE, offset, length, oracle.stamp(self.writer, op), flags
        )

    def run(self, places, seconds=3600.0, operations=None, trim_zeroes=True):
        """Writes until the time or the operations are over, or the server is gone.

        places: address and export of each device. trim_zeroes: whether what is trimmed reads as zeroes at this server.
        """
        connections = {}
        for device, (address, export) in enumerate(places):
            connection = nbd.Connection(address, export)
            connection.trim_zeroes = trim_zeroes
            connection.open_operations = {}
            connections[device] = connection
        end = time.monotonic() + seconds
        last = None if operations is None else self.number + operations
        try:
            while True:
                over = (
                    self.stopping.is_set()
                    or time.monotonic() > end
                    or (last is not None and self.number >= last)
                )
                if over and not any(c.in_flight for c in connections.values()):
                    return
                if not over:
                    self.fill(connections)
                self.take(connections)
        finally:
            for connection in connections.values():
                connection.close(orderly=connection.in_flight == 0)

    def fill(self, connections):
        for device, connection in connections.items():
            while connection.in_flight < self.depth:
                op = self.plan(device)
                connection.open_operations[self.submit(connection, op)] = op

    def take(self, connections):
        all_of_them = list(connections.values())
        writing = [c for c in all_of_them if c.output]
        readable, writable, _ = select.select(all_of_them, writing, [], 0.5)
        for connection in writable:
            connection.push()
        gone = None
        for connection in readable:
            try:
                while replies := connection.pull():
                    for cookie, error, _ in replies:
                        op = connection.open_operations.pop(cookie)
                        if error:
                            raise nbd.NbdError(f"errno {error} for {op}")
                        op.ended = self.tick()
                        op.completed = True
            except ConnectionError as e:
                gone = e
        if gone is not None:
            raise gone

    def start(self, places, **options):
        """Runs in the background until stop, or until the server is gone."""
        self.error = None
        self.stopping.clear()

        def work():
            try:
                self.run(places, **options)
            except (OSError, nbd.NbdError) as e:
                self.error = e

        self.thread = threading.Thread(target=work, name="writer", daemon=True)
        self.thread.start()

    def stop(self):
        """Lets what is in flight end; returns why the run ended early, if it did."""
        self.stopping.set()
        self.thread.join(120)
        if self.thread.is_alive():
            raise TimeoutError("the writer's requests are not answered")
        return self.error

    def judge(self, found, must=None):
        """Judges by the journal since the last baseline; must: all completed unless given."""
        if must is None:
            must = oracle.completed(self.operations)
        verdict = oracle.judge(found, self.base, self.operations, must)
        if self.keep and not verdict.ok():
            path = os.path.join(self.keep, f"violation-{time.time_ns()}.pickle")
            with open(path, "wb") as file:
                pickle.dump((found, self.base, self.operations, must), file)
            verdict.violations.append(f"kept: prove oracle --replay {path}")
        return verdict

    def rebase(self, found):
        """What was found is what counts from here on."""
        self.base = found
        self.operations = []


def replay_kept(path):
    """The verdict of what another proof has kept."""
    with open(path, "rb") as file:
        return oracle.judge(*pickle.load(file))


def found_at(places):
    """What the devices hold, read whole through a server."""
    sectors = []
    for device, (address, export) in enumerate(places):
        connection = nbd.Connection(address, export)
        try:
            sectors.append(oracle.numbers(connection.read_all(), device))
        finally:
            connection.close()
    return sectors


def found_in_files(paths):
    """What image files hold."""
    sectors = []
    for device, path in enumerate(paths):
        with open(path, "rb") as image:
            sectors.append(oracle.numbers(image.read(), device))
    return sectors
