"""Files that lose at a power cut what was not flushed: nbdfuse over nbdkit with a write-back cache."""

import os
import random
import time

from lab import images
from lab.processes import Server


class PoweredFile:
    """One such file. Cutting its power kills nbdkit, and with it what it has not written."""

    def __init__(self, path, size, cache_max=None):
        """cache_max: beyond it nbdkit writes back some of what is not flushed, in any order."""
        self.path = path
        self.size = size
        self.cache_max = cache_max
        self.kit = None
        self.fuse = None
        backing = path + ".backing"
        with open(backing, "wb") as file:
            file.truncate(size)

    def power_on(self):
        base = self.path
        if os.path.exists(base + ".sock"):
            os.unlink(base + ".sock")
        command = ["nbdkit", "-f", "-U", base + ".sock", "--filter=cache", "file", base + ".backing"]
        command += ["cache-min-block-size=4096", "cache=writeback"]
        if self.cache_max:
            command += [f"cache-max-size={self.cache_max}"]
        folder = os.path.dirname(base)
        self.kit = Server("nbdkit", command, base + ".kit.out", env={"TMPDIR": folder})
        self.kit.wait_for_socket(base + ".sock")
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
        self.kit.kill()

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
        for server in (self.fuse, self.kit):
            if server is not None:
                server.stop()

    def content(self):
        """What has reached the backing file."""
        with open(self.path + ".backing", "rb") as file:
            return file.read()


def cut_all(files, draw: random.Random):
    """Cuts the power of several files, in any order."""
    files = list(files)
    draw.shuffle(files)
    for file in files:
        file.power_cut()
