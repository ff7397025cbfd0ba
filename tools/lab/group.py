"""A group on this machine: its file, its daemons, its relays."""

import json
import os
import shutil
import socket
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

    def remove_files(self):
        """Removes images, logs and state of an earlier run."""
        if os.path.exists(self.file) and any(self.pid(site) for site in self.daemons()):
            raise RuntimeError(f"the group of {self.file} runs: dmctl down -f {self.file}")
        for site in self.sites.values():
            for path in [site.log(), *(site.image(device) for device in self.devices)]:
                if os.path.exists(path):
                    os.unlink(path)
        self.remove_state()

    def remove_state(self):
        for site in self.sites.values():
            shutil.rmtree(site.state(), ignore_errors=True)

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
        return {**os.environ, **({"DMCTLD_JAVA_OPTS": self.java_opts} if self.java_opts else {})}

    def up(self, *sites, seconds=120):
        """Starts the daemons of some sites, or all that do not run; returns when they are up."""
        words = [word for site in sites for word in ("--site", site)]
        return self.dmctl("up", "--detach", "--timeout", f"{seconds}s", *words, timeout=seconds + 60)

    def down(self, *sites, timeout=300):
        """Stops daemons cleanly; what they hold is on their devices then."""
        words = [word for site in sites for word in ("--site", site)]
        self.dmctl("down", "--drain", "60s", *words, timeout=timeout)

    def ask(self, site, timeout=5):
        """The state of a site's daemon from its admin socket, or None if it does not answer."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(timeout)
            try:
                link.connect(os.path.join(self.sites[site].state(), "admin.sock"))
                link.sendall(b'{"op":"status"}\n')
                answer = link.makefile().readline()
            except OSError:
                return None
        return json.loads(answer).get("status") if answer else None

    def primary(self):
        """The name of the site that serves, or None."""
        found = [(state["term"], name) for name, state in self.states() if state.get("serving")]
        return max(found)[1] if found else None

    def states(self):
        """Name and state of every daemon that answers."""
        asked = [(name, self.ask(name)) for name in self.daemons()]
        return [(name, state) for name, state in asked if state]

    def seen(self, site):
        """A site as the primary sees it."""
        state = self.ask(self.primary() or "") if self.primary() else None
        return next((s for s in state["sites"] if s["name"] == site), None) if state else None

    def wait(self, what, site, seconds=120):
        """what: serving, connected, caught-up or applied."""
        self.dmctl("wait", what, site, "--timeout", f"{seconds}s", timeout=seconds + 60)

    def wait_all_caught_up(self, seconds=120):
        """Waits until every other site holds all there is, and no sync site is degraded."""
        primary = self.primary()
        for site in self.sites:
            if site != primary:
                self.wait("caught-up", site, seconds)
        self.wait_until(
            lambda: not any(s["degraded"] for s in self.ask(primary)["sites"]),
            "a sync site stays degraded",
            seconds,
        )

    def wait_until(self, holds, otherwise, seconds=60):
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise RuntimeError(f"{otherwise} after {seconds} s:\n{self.dmctl('status')[1]}")
            time.sleep(0.05)

    def takeover(self, site):
        return self.dmctl("takeover", site, "--yes")[1]

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

    def count_messages(self, text):
        """How many lines of all daemons' messages contain a text."""
        count = 0
        for name in self.daemons():
            path = os.path.join(self.sites[name].state(), "dmctld.log")
            if os.path.exists(path):
                with open(path, errors="replace") as messages:
                    count += sum(text in line for line in messages)
        return count

    def daemons(self):
        return [name for name, site in self.sites.items() if site.link == "tcp"]

    def places(self, site):
        """Address and export of each device at a site."""
        return [(self.sites[site].socket(), device) for device in self.devices]

    def differences(self):
        """What differs between the images of all sites, after down; a list of texts."""
        first, *others = self.sites.values()
        found = []
        for device in self.devices:
            for other in others:
                difference = images.first_difference(first.image(device), other.image(device))
                if difference:
                    found.append(difference)
        return found

    def uri(self, site, device):
        return f"nbd+unix:///{device}?socket={self.sites[site].socket()}"

    def stop_all(self):
        """Ends what is left, by pid; for the end of an experiment that failed."""
        for site in self.daemons():
            pid = self.pid(site)
            if pid is not None:
                processes.kill_pid(pid)
        self.stop_relays()
