"""Guests on one network of their own, each a site; the host gives them commands."""

import base64
import os
import queue
import select
import shutil
import socket
import threading
import time

from machine import Clock, Machine

BOOT_SECONDS = 600  # mostly waiting for a busy machine
SECONDS = 1800  # for a command, likewise; the limit on all of it comes first
MEMORY = 512
CODE = 256  # MiB for translated code: left to itself each qemu takes up to 1 GiB


class Failed(Exception):
    """A command failed, or a guest does not answer."""


class Network:
    """Hands each frame of a guest to all others. Who cannot take one now misses it, as at a real switch."""

    def __init__(self):
        self._ends = {}  # this side's, with the guest's name
        self._wake, self._woken = socket.socketpair()
        threading.Thread(target=self._carry, daemon=True).start()

    def plug(self, name):
        """Makes a cable; returns the end for qemu."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ours.setblocking(False)
        self._ends[ours] = name
        self._wake.send(b"x")
        return theirs

    def unplug(self, name):
        for end in [end for end, whose in self._ends.items() if whose == name]:
            del self._ends[end]
        self._wake.send(b"x")

    def _carry(self):
        while True:
            ends = list(self._ends)
            ready, _, _ = select.select([self._woken, *ends], [], [])
            for end in ready:
                if end is self._woken:
                    end.recv(64)
                    continue
                try:
                    frame = end.recv(65536)
                except OSError:
                    continue
                for other in ends:
                    if other is not end:
                        try:
                            other.send(frame)
                        except OSError:
                            pass  # full, or its guest is gone


class Site:
    """One guest. Its disk outlives it."""

    def __init__(self, lab, name, address):
        self.lab, self.name, self.address = lab, name, address
        self.folder = os.path.join(lab.folder, name)
        os.mkdir(self.folder)
        self.console = os.path.join(lab.folder, name + ".console")
        self.log = open(os.path.join(lab.logs, f"lab-{name}.log"), "w", encoding="utf-8")
        self.machine = None
        self._boots = 0
        self._spent = 0.0  # by guests of its that have ended

    def boot(self):
        self._boots += 1
        cable = self.lab.network.plug(self.name)
        log = os.path.join(self.lab.logs, f"lab-console-{self.name}-{self._boots}.log")
        if os.path.exists(self.console):
            os.unlink(self.console)
        more = [
            "-chardev", f"socket,id=console,path={self.console},server=on,wait=off,logfile={log}",
            "-serial", "chardev:console",
            "-netdev", f"socket,id=net,fd={cable.fileno()}",
            "-device", f"virtio-net-pci,netdev=net,mac=52:54:00:00:00:{int(self.address.split('.')[-1]):02x}",
        ]  # fmt: skip
        words = [f"dmctl.site={self.name}", f"dmctl.address={self.address}"]
        self.machine = Machine(
            self.folder, self.lab.kernel, self.lab.initrd, MEMORY, words,
            processors=1, code=CODE, more=more, inherited=(cable.fileno(),),
        )  # fmt: skip
        cable.close()
        self._answers = queue.Queue()
        self._number = 0
        threading.Thread(target=self._listen, args=(self.machine, self._answers), daemon=True).start()

    def _listen(self, machine, answers):
        for line in machine.lines(lambda: float("inf")):
            if line.startswith(machine.mark):
                answers.put(line.split()[1:])
            elif line:
                self.log.write(line + "\n")
                self.log.flush()
                answers.put(line)
                self.lab.say(f"{self.name}| {line}")
        answers.put(None)

    def _next(self, clock, seconds, what):
        """What the guest says next: a text, or a list of words of its own."""
        while True:
            try:
                said = self._answers.get(timeout=1)
            except queue.Empty:
                if clock.tick() > seconds:
                    raise Failed(f"{self.name}: no end of it within {seconds} s: {what}") from None
                continue
            if said is None:
                raise Failed(f"{self.name}: the guest ended: {what}")
            return said

    def await_ready(self):
        clock = Clock()
        while self._next(clock, BOOT_SECONDS, "boot") != ["ready"]:
            pass

    def start(self, command, seconds=SECONDS):
        """Gives a command; finish() waits for its end. One at a time."""
        self._number += 1
        self._command = command
        self._seconds = seconds
        coded = base64.b64encode(command.encode()).decode()
        self.log.write(f"$ {command}\n")
        self.machine.process.stdin.write(f"{self._number} {seconds} {coded}\n".encode())
        self.machine.process.stdin.flush()

    def finish(self):
        """Returns what the command printed."""
        clock = Clock()
        lines = []
        while True:
            said = self._next(clock, self._seconds + 30, self._command)
            if isinstance(said, str):
                lines.append(said)
            elif said[:2] == ["done", str(self._number)]:
                if said[2] != "0":
                    raise Failed(f"{self.name}: exit code {said[2]} of: {self._command}")
                return "\n".join(lines)

    def run(self, command, seconds=SECONDS):
        self.start(command, seconds)
        return self.finish()

    def processor_seconds(self):
        """What its guests have cost the host so far: says more than the time on a busy one."""
        machine = self.machine
        return self._spent + (processor_seconds(machine.process.pid) if machine else 0)

    def kill(self):
        """Takes the power."""
        self._spent = self.processor_seconds()
        self.machine.process.kill()
        self.machine.process.wait()
        self.machine = None
        self.lab.network.unplug(self.name)


class Lab:
    def __init__(self, folder, logs, kernel, initrd, say):
        self.folder, self.logs, self.kernel, self.initrd, self.say = folder, logs, kernel, initrd, say
        self.network = Network()
        self.sites = {}

    def add(self, name, address):
        self.sites[name] = Site(self, name, address)
        return self.sites[name]

    def end(self):
        for site in self.sites.values():
            if site.machine:
                site.kill()
            shutil.rmtree(site.folder, ignore_errors=True)


def processor_seconds(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            words = file.read().rpartition(")")[2].split()
    except OSError:  # it has ended
        return 0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def all_of(sites, command, seconds=SECONDS):
    """At several sites at a time; returns what each printed."""
    for site in sites:
        site.start(command, seconds)
    return [site.finish() for site in sites]
