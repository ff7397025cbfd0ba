"""The relay of tools/relay, run and controlled."""

import os
import re
import socket
import subprocess
import time

from lab.processes import Server

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
LIB = os.path.join(ROOT, "target", "lib")


def find_java():
    """A JDK 25: JAVA_HOME, or the first under the usual folders."""
    homes = [os.environ.get("JAVA_HOME", "")]
    for parent in ("/usr/lib/jvm", "/usr/java", "/opt", "/opt/java"):
        if os.path.isdir(parent):
            homes += [os.path.join(parent, name) for name in sorted(os.listdir(parent))]
    for home in homes:
        release = os.path.join(home, "release")
        if home and os.path.exists(release):
            with open(release) as text:
                if re.search(r'^JAVA_VERSION="25\b', text.read(), re.MULTILINE):
                    return os.path.join(home, "bin", "java")
    raise RuntimeError("no JDK 25 found: install one or set JAVA_HOME")


def build():
    """Lets the launcher build whatever is missing or older than its sources."""
    subprocess.run([os.path.join(ROOT, "dmctl"), "--version"], check=True, capture_output=True)


class Relay:
    """Forwards connections from a loopback port to another, under control."""

    def __init__(self, folder, name, listen, target, delay="0", rate="unlimited"):
        """listen and target are HOST:PORT."""
        os.makedirs(folder, exist_ok=True)
        self.control = os.path.join(folder, name + ".control")
        if os.path.exists(self.control):
            os.unlink(self.control)
        self.server = Server(
            name,
            [
                find_java(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-XX:MaxDirectMemorySize=2g", "-p", LIB,
                "-m", "dmctl.tools.relay/dmctl.tools.relay.Relay",
                "--listen", listen, "--target", target, "--control", self.control,
                "--delay", delay, "--rate", rate,
            ],
            os.path.join(folder, name + ".out"),
        )  # fmt: skip
        self.server.wait_for_socket(self.control)

    def tell(self, command):
        """Carries out a command; returns the state as a dictionary of words."""
        for attempt in range(50):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
                link.connect(self.control)
                link.sendall(command.encode() + b"\n")
                answer = link.makefile().readline().strip()
            if answer:
                break
            time.sleep(0.02 * attempt)
        if not answer.startswith("ok "):
            raise RuntimeError(f"relay: {command}: {answer or 'no answer'}")
        return dict(word.split("=", 1) for word in answer.split() if "=" in word)

    def stop(self):
        self.server.stop()
