"""Files that lose at a power cut what was not flushed: nbdfuse over a server with a write cache."""

import os
import random
import signal
import sys
import time

from lab import images
from lab.processes import Server

SERVER = os.path.join(os.path.dirname(os.path.realpath(__file__)), "volatile_server.py")


class PoweredFile:
    """One such file. Cutting its power keeps any part of what was not flushed."""

    def __init__(self, path, size):
        self.path = path
        self.size = size
        self.server = None
        self.fuse = None
        with open(self.backing(), "wb") as file:
            file.truncate(size)

    def backing(self):
        return self.path + ".backing"

    def power_on(self, seed=0):
        base = self.path
        if os.path.exists(base + ".sock"):
            os.unlink(base + ".sock")
        self.server = Server(
            "volatile-server",
            [sys.executable, SERVER, base + ".sock", self.backing(), str(seed)],
            base + ".server.out",
        )
        self.server.wait_for_socket(base + ".sock")
        if not os.path.exists(base):
            with open(base, "wb"):
                pass
        self.fuse = Server(
            "nbdfuse", ["nbdfuse", base, "--unix", base + ".sock"], base + ".fuse.out"
        )
        end = time.monotonic() + 20
        while not os.path.ismount(base):
            if time.monotonic() > end or not self.fuse.is_alive():
                raise RuntimeError(f"nbdfuse does not mount {base}: {self.fuse.output()}")
            time.sleep(0.02)

    def power_cut(self):
        self.server.process.send_signal(signal.SIGUSR1)
        self.server.process.wait(20)

    def sync(self):
        """Flushes it, as the kernel does before an orderly end."""
        handle = os.open(self.path, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def clear(self):
        """Takes away what a power cut, or an orderly end, left mounted."""
        images.unmount(self.path)
        for server in (self.fuse, self.server):
            if server is not None:
                server.stop()

    def content(self):
        """What has reached the backing file."""
        with open(self.backing(), "rb") as file:
            return file.read()


def cut_all(files, draw: random.Random):
    """Cuts the power of several files, in any order."""
    files = list(files)
    draw.shuffle(files)
    for file in files:
        file.power_cut()
