"""A group on this machine: its file, its daemons, its relays."""

import json
import os
import subprocess
import time

from lab import images, processes
from lab.relay import ROOT, Relay

DMCTL = os.path.join(ROOT, "dmctl")


class Site:
    """A site with a daemon (link tcp), or only devices (link blockdev)."""

    def __init__(self, name, link="tcp", log_size="64MiB", relayed=False, places=None, **settings):
        """settings: words of the file with _ for -, such as policy="sync".

        places: folders for single files, by device name or "log".
        """
        self.name = name
        self.link = link
        self.log_size = log_size
        self.relayed = relayed
        self.settings = settings
        self.places = places or {}
        self.folder = ""
        self.port = 0
        self.relay_port = 0
        self.relay = None

    def image(self, device):
        return self.places.get(device, os.path.join(self.folder, device + ".img"))

    def log(self):
        return self.places.get("log", os.path.join(self.folder, "replog"))

    def socket(self):
        return os.path.join(self.folder, "nbd.sock")

    def state(self):
        return os.path.join(self.folder, "state")

    def lines(self, devices):
        """The site in the group's file."""
        listed = ", ".join(f"{device}: {self.image(device)}" for device in devices)
        lines = [f"  - name: {self.name}", f"    link: {self.link}"]
        if self.link == "tcp":
            lines += [f"    listen: 127.0.0.1:{self.port}"]
            if self.relayed:
                lines += [f"    connect: 127.0.0.1:{self.relay_port}"]
            lines += [
                f"    log: {{path: {self.log()}, size: {self.log_size}}}",
                f"    nbd: unix:{self.socket()}",
                f"    state-dir: {self.state()}",
            ]
        lines += [f"    devices: {{{listed}}}"]
        lines += [f"    {key.replace('_', '-')}: {value}" for key, value in self.settings.items()]
        return lines


class Group:
    """devices: name to bytes, in order; the first site is the first primary."""

    def __init__(self, folder, devices, sites, port, name="lab", java_opts="", **tuning):
        self.folder = os.path.realpath(folder)
        self.devices = devices
        self.sites = {site.name: site for site in sites}
        self.name = name
        self.java_opts = java_opts
        self.tuning = tuning
        self.file = os.path.join(self.folder, name + ".yaml")
        for number, site in enumerate(sites):
            site.folder = os.path.join(self.folder, site.name)
            site.port = port + 2 * number
            site.relay_port = port + 2 * number + 1
            os.makedirs(site.folder, exist_ok=True)

    def write_file(self):
        lines = [f"group: {self.name}"]
        lines += [f"{key.replace('_', '-')}: {value}" for key, value in self.tuning.items()]
        lines += ["devices:"]
        lines += [f"  - {{name: {name}, size: {size}B}}" for name, size in self.devices.items()]
        lines += ["sites:"]
        for site in self.sites.values():
            lines += site.lines(self.devices)
        with open(self.file, "w") as file:
            file.write("\n".join(lines) + "\n")

    def make_images(self, fill="zero"):
        """Writes every image once; a site named in fill gets that filling instead of zeroes."""
        for site in self.sites.values():
            for device, size in self.devices.items():
                kind = fill if isinstance(fill, str) else fill.get(site.name, "zero")
                images.write_whole(site.image(device), size, kind)

    def start_relays(self):
        for site in self.sites.values():
            if site.relayed and site.relay is None:
                site.relay = Relay(
                    site.folder,
                    "relay",
                    f"127.0.0.1:{site.relay_port}",
                    f"127.0.0.1:{site.port}",
                )

    def stop_relays(self):
        for site in self.sites.values():
            if site.relay is not None:
                site.relay.stop()
                site.relay = None

    def command(self, *words):
        return [DMCTL, *words]

    def dmctl(self, verb, *words, check=True, timeout=300):
        """Runs dmctl VERB -f FILE WORDS; returns (exit code, output)."""
        done = subprocess.run(
            self.command(verb, "-f", self.file, *map(str, words)),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            env=self.environment(),
        )
        if check and done.returncode != 0:
            raise RuntimeError(
                f"dmctl {verb} {' '.join(map(str, words))}: exit {done.returncode}\n"
                f"{done.stdout}{done.stderr}"
            )
        return done.returncode, done.stdout + done.stderr

    def environment(self):
        return {**os.environ, **({"DMCTL_JAVA_OPTS": self.java_opts} if self.java_opts else {})}

    def up(self, timeout=120):
        """Starts what does not run."""
        done = subprocess.run(
            self.command("up", self.file, "--detach"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            env=self.environment(),
        )
        if done.returncode != 0:
            raise RuntimeError(f"dmctl up: exit {done.returncode}\n{done.stdout}")
        return done.stdout

    def down(self, timeout=300):
        self.dmctl("down", timeout=timeout)

    def status(self):
        return json.loads(self.dmctl("status", "--json")[1])

    def wait(self, what, site, seconds=120):
        self.dmctl("wait", what, site, "--timeout", f"{seconds}s", timeout=seconds + 30)

    def pid(self, site):
        """The pid of a site's daemon, or None if it does not run."""
        try:
            with open(os.path.join(self.sites[site].state(), "dmctld.pid")) as file:
                pid = int(file.read().split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        return pid if processes.is_running(pid) else None

    def kill9(self, site):
        pid = self.pid(site)
        if pid is None:
            raise RuntimeError(f"site {site} does not run")
        processes.kill_pid(pid)

    def daemons(self):
        return [name for name, site in self.sites.items() if site.link == "tcp"]

    def wait_serving(self, site, seconds=60):
        """Waits until a site answers at its NBD socket."""
        end = time.monotonic() + seconds
        while not processes.is_listening(self.sites[site].socket()):
            if time.monotonic() > end:
                raise RuntimeError(f"site {site} does not serve: {self.dmctl('status')[1]}")
            time.sleep(0.05)

    def uri(self, site, device):
        return f"nbd+unix:///{device}?socket={self.sites[site].socket()}"

    def stop_all(self):
        """Ends what is left, by pid; for the end of an experiment that failed."""
        for site in self.daemons():
            pid = self.pid(site)
            if pid is not None:
                processes.kill_pid(pid)
        self.stop_relays()
