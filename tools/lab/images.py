"""Image files whose every block is written, so that no server meets unwritten extents."""

import os
import random
import subprocess

CHUNK = 4 << 20


def write_whole(path, size, fill="random"):
    """Writes a file once, front to back, unless it is there in that size already.

    fill: "random" bytes (the same in every chunk) or "zero".
    """
    if os.path.exists(path) and os.path.getsize(path) == size:
        return
    chunk = bytes(CHUNK) if fill == "zero" else random.Random(size).randbytes(CHUNK)
    with open(path, "wb") as image:
        os.posix_fallocate(image.fileno(), 0, size)
        for start in range(0, size, CHUNK):
            image.write(chunk[: min(CHUNK, size - start)])
        image.flush()
        os.fsync(image.fileno())


def zero_start(path, length):
    """Writes zeroes over the beginning of a file; its blocks stay allocated."""
    with open(path, "r+b") as image:
        for start in range(0, length, CHUNK):
            image.write(bytes(min(CHUNK, length - start)))
        image.flush()
        os.fsync(image.fileno())


def first_difference(one, other):
    """Offset and text of the first difference of two files, or None if they are equal."""
    result = subprocess.run(["cmp", one, other], capture_output=True, text=True)
    if result.returncode == 0:
        return None
    return (result.stdout + result.stderr).strip()


def drop_page_cache(path):
    with open(path, "rb") as image:
        os.posix_fadvise(image.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def is_mounted(path):
    with open("/proc/self/mounts") as mounts:
        return any(line.split()[1] == path for line in mounts)


def unmount(path):
    """Takes away a file mounted with FUSE, also one whose server is gone."""
    if is_mounted(path):
        subprocess.run(["umount", "-l", path], check=True, capture_output=True)
