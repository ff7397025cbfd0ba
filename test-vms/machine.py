"""One guest: a qemu process, what it prints, and a watchdog that it cannot outlive."""

import ctypes
import os
import secrets
import select
import shutil
import signal
import subprocess
import time

from image import CannotBeHad

QEMU = "qemu-system-x86_64"
# Without cx16: qemu 7.2 computes its flags wrongly under multi-threaded emulation, and the kernel dies of it.
PROCESSOR = "Nehalem,-cx16"
# Lockups and stalls of processors are not reported, and the timer is not checked: here they say that the host is busy.
COMMAND_LINE = (
    "console=ttyS0 panic=-1 loglevel=5 mitigations=off cryptomgr.notests nosoftlockup no_timer_check"
    " rcupdate.rcu_cpu_stall_suppress=1"
)


def _die_with_parent():
    """A run that is killed leaves no guest behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Clock:
    """Seconds in which this process could run: one that is stopped for a while has missed nothing."""

    def __init__(self):
        self.spent = 0.0
        self.last = time.monotonic()

    def tick(self):
        now = time.monotonic()
        self.spent += min(now - self.last, 2.0)
        self.last = now
        return self.spent


class Machine:
    """code: MiB for translated code, as qemu chooses if None. more: further words of qemu's command line. inherited: descriptors that they name."""

    def __init__(self, folder, kernel, initrd, memory, words, interactive=False, processors=2, code=None, more=(), inherited=()):
        if not shutil.which(QEMU):
            raise CannotBeHad(f"{QEMU} is not on this machine; it is in Debian's qemu-system-x86")
        self.mark = "@" + secrets.token_hex(6)
        self.console = os.path.join(folder, "console.log")
        disk = os.path.join(folder, "disk.raw")
        if not os.path.exists(disk):
            with open(disk, "wb") as file:
                file.truncate(4 << 30)
        command = [
            QEMU, "-accel", "tcg,thread=multi" + (f",tb-size={code}" if code else ""), "-cpu", PROCESSOR, "-smp", str(processors), "-m", str(memory),
            "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot",  # a panic ends it
            "-kernel", os.path.join(kernel, "vmlinuz"), "-initrd", initrd,
            "-append", " ".join([COMMAND_LINE, f"dmctl.mark={self.mark}", *words]),
            "-drive", f"file={disk},format=raw,if=virtio,cache=unsafe,discard=unmap",
            "-device", "virtio-serial-pci", "-device", "virtio-rng-pci",
        ]  # fmt: skip
        if interactive:
            command += ["-serial", "mon:stdio"]
            self.process = subprocess.Popen(command)
            return
        if "-serial" not in more:
            command += ["-serial", f"file:{self.console}"]
        command += ["-chardev", "stdio,id=out,signal=off", "-device", "virtserialport,chardev=out,name=out", *more]
        # Its input stays open: at its end qemu closes the channel, and the guest's writes would wait for ever.
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=_die_with_parent, pass_fds=inherited
        )

    def lines(self, seconds):
        """What the guest prints, line by line, till it ends. A line is None when the guest has run for
        seconds() and is ended for it. seconds is asked again and again: it may grow."""
        clock = Clock()
        rest = b""
        while True:
            ready, _, _ = select.select([self.process.stdout], [], [], 1.0)
            if clock.tick() > seconds():
                self.end()
                yield None
                return
            if not ready:
                continue
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                break
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace").rstrip("\r")
        if rest:
            yield rest.decode(errors="replace")
        self.end()

    def end(self):
        """Waits for qemu, which has a moment if it is ending by itself."""
        try:
            self.process.wait(timeout=0 if self.process.poll() is None and self._talks() else 10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for end in (self.process.stdin, self.process.stdout):
            if end:
                end.close()

    def _talks(self):
        """Whether its channel is open still: then it is not ending."""
        ready, _, _ = select.select([self.process.stdout], [], [], 0)
        return not ready

    def last_words(self, count=40):
        try:
            with open(self.console, encoding="utf-8", errors="replace") as file:
                return file.read().splitlines()[-count:]
        except OSError:
            return []
