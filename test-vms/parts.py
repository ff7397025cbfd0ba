"""What a guest is booted from: the project built, the kernel fetched, the archives joined."""

import fcntl
import os
import shutil
import subprocess

import image
from image import CannotBeHad

HERE = os.path.dirname(os.path.realpath(__file__))
PROJECT = os.path.dirname(HERE)
TARGET = os.path.join(HERE, "target")


def cache():
    """The folder of what is kept for later runs."""
    folder = os.environ.get("DMCTL_VM_CACHE") or TARGET
    os.makedirs(folder, exist_ok=True)
    return folder


def whole(cache, folder, java_home, packs, overlay):
    """The kernel, and the file of the guest's root with an overlay on it."""
    with locked(cache):
        kernel = fetched_kernel(cache)
        archives = [image.base(cache, kernel, java_home)] + [image.pack(cache, pack) for pack in sorted(packs)]
        if "package" in packs:
            archives.append(image.package(folder))
        return kernel, joined(os.path.join(folder, "initrd"), archives + [overlay])


def build(as_they_are):
    """The launcher builds the project where it is older than its sources. Returns the home of its JDK."""
    launcher = os.path.join(PROJECT, "dmctl")
    if not as_they_are:
        subprocess.run([launcher, "--version"], check=True, stdout=subprocess.DEVNULL)
    run = subprocess.run([launcher, "--print-java"], stdout=subprocess.PIPE, text=True)
    if run.returncode:
        raise CannotBeHad("there is no JDK 25")
    return os.path.dirname(os.path.dirname(run.stdout.strip()))


def fetched_kernel(cache):
    kernel = os.path.join(cache, "kernel")
    if not os.path.exists(os.path.join(kernel, "version")):
        os.makedirs(kernel, exist_ok=True)
        run = subprocess.run([os.path.join(HERE, "kernel"), kernel], timeout=600)
        if run.returncode == 77:
            raise CannotBeHad("no stock kernel 6.12, see above")
        if run.returncode:
            raise CannotBeHad(f"the kernel could not be fetched (exit code {run.returncode})")
    return kernel


def locked(cache):
    """Runs may share a cache; one at a time changes it. Let go when closed."""
    file = open(os.path.join(cache, "lock"), "w", encoding="utf-8")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def joined(path, parts):
    with open(path, "wb") as whole:
        for part in parts:
            with open(part, "rb") as file:
                shutil.copyfileobj(file, whole, 1 << 20)
    return path
