"""Servers to compare with. Each is a subject: start, export, pids, verify, stop."""

import os

from lab import images
from lab.processes import Server
from lab.qmp import Monitor


class Subject:
    """A server, or several, that exports one device over NBD."""

    #: short name, heads the column
    name = ""
    #: what it is, for the legend
    meaning = ""
    #: whether it is ours
    is_group = False
    #: of ours: the name of another of ours that it is compared with
    rival = ""

    def __init__(self, folder, size):
        self.folder = folder
        self.size = size
        self.servers = []
        os.makedirs(folder, exist_ok=True)
        self.image = os.path.join(folder, "device.img")
        self.socket = os.path.join(folder, "nbd.sock")

    def prepare(self):
        """Makes the files, once before all rounds."""
        images.write_whole(self.image, self.size)

    def start(self):
        """Begins to serve."""

    def uri(self):
        return f"nbd+unix:///?socket={self.socket}"

    def pids(self):
        return [server.pid for server in self.servers]

    def lines(self):
        """The command lines and settings in force."""
        return [server.line() for server in self.servers]

    def java_pids(self):
        return []

    def settle_and_verify(self):
        """Brings copies up to date; returns what is wrong with them, or None."""
        return None

    def stop(self):
        for server in reversed(self.servers):
            server.stop()
        self.servers = []

    def remove_images(self):
        for name in os.listdir(self.folder):
            if name.endswith(".img"):
                os.unlink(os.path.join(self.folder, name))

    def _serve(self, name, command, address):
        for path in [address] if isinstance(address, str) else []:
            if os.path.exists(path):
                os.unlink(path)
        server = Server(name, command, os.path.join(self.folder, name + ".out"))
        self.servers.append(server)
        server.wait_for_socket(address)
        return server


class Nbdkit(Subject):
    name = "nbdkit"
    meaning = "nbdkit file cache=none, unreplicated"

    def start(self):
        self._serve(
            "nbdkit",
            ["nbdkit", "-f", "-U", self.socket, "file", self.image, "cache=none"],
            self.socket,
        )


class QemuNbd(Subject):
    name = "qemu-nbd"
    meaning = "qemu-nbd --cache=none --aio=native, unreplicated"

    def start(self):
        self._serve("qemu-nbd", qemu_nbd(self.image, ["--socket=" + self.socket]), self.socket)


def qemu_nbd(image, address):
    return [
        "qemu-nbd", "--format=raw", "--cache=none", "--aio=native", "--persistent", "--shared=8",
        *address, image,
    ]  # fmt: skip


class QemuMirror(Subject):
    """The node above the mirror's filter is exported: below it nothing would be mirrored.

    The target is reached over a Unix socket: over TCP its writes meet delayed acknowledgements of
    40 ms, which slow write-blocking to some 500 writes a second and let the background mirror rest.

    No iothread for the export: qemu-storage-daemon 7.2 aborts when a client of such an export
    leaves (nbd_blockdev_client_closed: qemu_in_main_thread). Its main thread has nothing else to do.
    """

    copy_mode = ""
    buf_size = 64 << 20
    granularity = 64 << 10

    def __init__(self, folder, size):
        super().__init__(folder, size)
        self.target = os.path.join(folder, "target.img")
        self.monitor_path = os.path.join(folder, "qmp.sock")
        self.target_socket = os.path.join(folder, "target.sock")
        self.monitor = None
        self.settings = []

    def prepare(self):
        super().prepare()
        images.write_whole(self.target, self.size, fill="zero")

    def start(self):
        self._serve(
            "target-qemu-nbd",
            qemu_nbd(self.target, ["--socket=" + self.target_socket]),
            self.target_socket,
        )
        for path in (self.socket, self.monitor_path):
            if os.path.exists(path):
                os.unlink(path)
        self._serve(
            "qemu-storage-daemon",
            [
                "qemu-storage-daemon",
                "--blockdev",
                f"driver=file,node-name=file0,filename={self.image},aio=native,"
                "cache.direct=on,cache.no-flush=off,discard=unmap",
                "--blockdev", "driver=raw,node-name=source,file=file0",
                "--blockdev",
                "driver=nbd,node-name=target,server.type=unix,"
                f"server.path={self.target_socket},export=",
                "--nbd-server", f"addr.type=unix,addr.path={self.socket},max-connections=0",
                "--chardev", f"socket,id=qmp,path={self.monitor_path},server=on,wait=off",
                "--monitor", "chardev=qmp",
            ],  # fmt: skip
            self.monitor_path,
        )
        self.monitor = Monitor(self.monitor_path)
        self.settings = []
        self._ask(
            "blockdev-mirror",
            **{
                "job-id": "mirror",
                "device": "source",
                "target": "target",
                "sync": "full",
                "copy-mode": self.copy_mode,
                "filter-node-name": "above-mirror",
                "buf-size": self.buf_size,
                "granularity": self.granularity,
            },
        )
        self._ask(
            "block-export-add",
            **{
                "type": "nbd",
                "id": "export",
                "node-name": "above-mirror",
                "name": "",
                "writable": True,
            },
        )
        self.monitor.wait_job("mirror", "ready", 120)

    def _ask(self, command, **arguments):
        self.settings.append(f"qmp {command} {arguments}")
        self.monitor.ask(command, **arguments)

    def lines(self):
        return super().lines() + self.settings

    def settle_and_verify(self):
        # A mirror that is ready ends, on cancel, with its target equal to its source.
        self.monitor.ask("block-job-cancel", device="mirror")
        self.monitor.wait_job("mirror", None, 300)
        self.monitor.close()
        self.stop()
        return images.first_difference(self.image, self.target)


class QemuMirrorBackground(QemuMirror):
    name = "qsd background"
    meaning = "qemu-storage-daemon, blockdev-mirror copy-mode=background to a second qemu-nbd"
    copy_mode = "background"


class QemuMirrorWriteBlocking(QemuMirror):
    name = "qsd write-blocking"
    meaning = "qemu-storage-daemon, blockdev-mirror copy-mode=write-blocking to a second qemu-nbd"
    copy_mode = "write-blocking"
