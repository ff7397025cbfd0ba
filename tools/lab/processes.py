"""Processes an experiment starts: begun, watched, measured and stopped by their pid."""

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import time

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def on_processor(number):
    """What is started inside runs on that one alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {number})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Server:
    """A server process with its output in a file."""

    def __init__(self, name, command, log_path, env=None):
        self.name = name
        self.command = [str(word) for word in command]
        self.log_path = log_path
        with open(log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )

    @property
    def pid(self):
        return self.process.pid

    def line(self):
        """The command line, as one could type it."""
        return shlex.join(self.command)

    def is_alive(self):
        return self.process.poll() is None

    def wait_for_socket(self, address, seconds=20):
        """Waits until something listens at a path or a (host, port)."""
        end = time.monotonic() + seconds
        while not is_listening(address):
            if not self.is_alive():
                raise RuntimeError(f"{self.name} ended:\n{self.output()}")
            if time.monotonic() > end:
                raise RuntimeError(f"{self.name} does not listen at {address}:\n{self.output()}")
            time.sleep(0.02)

    def output(self):
        with open(self.log_path, "r", errors="replace") as log:
            return log.read()[-4000:]

    def stop(self, seconds=10):
        """Asks it to end, makes it end if it does not."""
        if self.is_alive():
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self):
        """kill -9; returns when it is gone."""
        if self.is_alive():
            self.process.kill()
        self.process.wait()


def is_listening(address):
    family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(address if isinstance(address, tuple) else str(address))
            return True
        except OSError:
            return False


def kill_pid(pid, seconds=10):
    """kill -9 of a process that another one started; returns when it is gone."""
    os.kill(pid, signal.SIGKILL)
    wait_gone(pid, seconds)


def wait_gone(pid, seconds=10):
    end = time.monotonic() + seconds
    while is_running(pid):
        if time.monotonic() > end:
            raise RuntimeError(f"process {pid} does not end")
        time.sleep(0.005)


def is_running(pid):
    """Whether it exists and is no zombie."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def pids_naming(text):
    """Processes with a word of their command line that contains a text, this one left out."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    if text.encode() in file.read():
                        found.append(int(entry))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return sorted(found)


def command_line(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return shlex.join(word.decode() for word in file.read().rstrip(b"\0").split(b"\0"))


def cpu_seconds(pids):
    """User and system time of processes together; a process that is gone counts nothing."""
    ticks = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", "rb") as stat:
                fields = stat.read().rpartition(b")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return ticks / CLOCK_TICKS


def settle(pids, seconds):
    """Waits until processes use less than a tenth of a core, for some seconds at most."""
    end = time.monotonic() + seconds
    before = cpu_seconds(pids)
    while time.monotonic() < end:
        time.sleep(0.3)
        now = cpu_seconds(pids)
        if now - before <= 0.03:
            return True
        before = now
    return False
