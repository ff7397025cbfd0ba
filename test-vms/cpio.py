"""Archives that the kernel unpacks as its first root file system (cpio, newc), written without root's rights."""

import os
import stat


class Archive:
    """Adds parents by itself. Several archives one after another make one root; the last of a name counts."""

    def __init__(self, path):
        self.path = path
        self.file = open(path + ".new", "wb")
        self.names = set()

    def folder(self, name, mode=0o755):
        if name and name not in self.names:
            self._entry(name, stat.S_IFDIR | mode)

    def link(self, name, to):
        self._entry(name, stat.S_IFLNK | 0o777, to.encode())

    def device(self, name, major, minor):
        self._entry(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def text(self, name, text, mode=0o644):
        self._entry(name, stat.S_IFREG | mode, text.encode())

    def copy(self, name, source, mode=None):
        """The file behind source, whatever links lead to it."""
        with open(source, "rb") as file:
            data = file.read()
        info = os.stat(source)
        self._entry(name, stat.S_IFREG | (mode or info.st_mode & 0o777), data, when=int(info.st_mtime))

    def tree(self, name, source):
        for folder, folders, files in os.walk(source):
            folders.sort()
            below = os.path.normpath(os.path.join(name, os.path.relpath(folder, source)))
            for file in sorted(files):
                path = os.path.join(folder, file)
                if os.path.islink(path) and os.path.exists(os.path.join(folder, os.readlink(path))):
                    self.link(os.path.join(below, file), os.readlink(path))
                else:
                    self.copy(os.path.join(below, file), path)

    def close(self):
        self._entry("TRAILER!!!", 0)
        self.file.close()
        os.replace(self.path + ".new", self.path)

    def _entry(self, name, mode, data=b"", device=(0, 0), when=0):
        name = name.strip("/")
        parent = os.path.dirname(name)
        if parent and parent not in self.names:
            self.folder(parent)
        self.names.add(name)
        encoded = name.encode() + b"\0"
        fields = (len(self.names), mode, 0, 0, 1, when, len(data), 0, 0, *device, len(encoded), 0)
        self._write(b"070701" + b"".join(b"%08X" % field for field in fields) + encoded)
        self._write(data)

    def _write(self, data):
        self.file.write(data + b"\0" * (-len(data) % 4))
