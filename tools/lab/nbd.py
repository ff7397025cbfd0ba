"""An NBD client that keeps many requests in flight on one thread."""

import select
import socket
import struct

READ, WRITE, DISCONNECT, FLUSH, TRIM, WRITE_ZEROES = 0, 1, 2, 3, 4, 6
FUA, NO_HOLE = 1, 2

_OPTION_MAGIC = 0x49484156454F5054
_REPLY_MAGIC = 0x3E889045565A9
_REQUEST = struct.Struct(">IHHQQI")
_SIMPLE_REPLY = struct.Struct(">IIQ")


class NbdError(Exception):
    """The server refused, or broke the protocol."""


class Connection:
    """One connection to one export. Replies come in any order."""

    def __init__(self, address, export, timeout=30):
        """address: the path of a Unix socket, or (host, port)."""
        family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(address)
            self.size, self.flags = self._go(export)
        except BaseException:
            self.socket.close()
            raise
        self.socket.setblocking(False)
        self.output = bytearray()
        self.input = bytearray()
        self.reads = {}
        self.cookie = 0
        self.in_flight = 0

    def _go(self, export):
        magic, option_magic, flags = struct.unpack(">8sQH", self._receive(18))
        if magic != b"NBDMAGIC" or option_magic != _OPTION_MAGIC or not flags & 1:
            raise NbdError("no fixed newstyle server")
        name = export.encode()
        data = struct.pack(">I", len(name)) + name + struct.pack(">H", 0)
        self.socket.sendall(
            struct.pack(">I", flags & 3) + struct.pack(">QII", _OPTION_MAGIC, 7, len(data)) + data
        )
        found = None
        while True:
            magic, _, kind, length = struct.unpack(">QIII", self._receive(20))
            payload = self._receive(length)
            if magic != _REPLY_MAGIC:
                raise NbdError("wrong magic in an option's reply")
            if kind & 0x80000000:
                raise NbdError(f"export {export!r} refused: {kind & 0xFFFF} {payload.decode()}")
            if kind == 3 and payload[:2] == b"\0\0":
                found = struct.unpack(">QH", payload[2:12])
            if kind == 1:
                if found is None:
                    raise NbdError("GO without export information")
                return found

    def _receive(self, length):
        data = b""
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                raise ConnectionResetError("the server has closed the connection")
            data += part
        return data

    def fileno(self):
        return self.socket.fileno()

    def submit(self, kind, offset=0, length=0, data=b"", flags=0):
        """Sends a request as far as the socket takes it; returns its cookie."""
        self.cookie += 1
        if kind == READ:
            self.reads[self.cookie] = length
        self.output += _REQUEST.pack(0x25609513, flags, kind, self.cookie, offset, length)
        self.output += data
        self.in_flight += 1
        self.push()
        return self.cookie

    def push(self):
        try:
            while self.output:
                del self.output[: self.socket.send(self.output)]
        except BlockingIOError:
            return

    def pull(self):
        """Takes what has come; returns a list of (cookie, error number, data)."""
        closed = False
        try:
            while True:
                part = self.socket.recv(1 << 20)
                if not part:
                    closed = True
                    break
                self.input += part
        except BlockingIOError:
            closed = False
        except ConnectionError:
            closed = True
        replies = self._replies()
        if closed and not replies:
            raise ConnectionResetError("the server has closed the connection")
        return replies

    def _replies(self):
        replies = []
        start = 0
        while len(self.input) - start >= _SIMPLE_REPLY.size:
            magic, error, cookie = _SIMPLE_REPLY.unpack_from(self.input, start)
            if magic != 0x67446698:
                raise NbdError(f"wrong magic in a reply: {magic:#x}")
            length = self.reads.get(cookie, 0) if error == 0 else 0
            if len(self.input) - start < _SIMPLE_REPLY.size + length:
                break
            start += _SIMPLE_REPLY.size
            replies.append((cookie, error, bytes(self.input[start : start + length])))
            self.reads.pop(cookie, None)
            self.in_flight -= 1
            start += length
        del self.input[:start]
        return replies

    def call(self, kind, offset=0, length=0, data=b"", flags=0, timeout=60):
        """One request and its answer, with nothing else in flight; returns the data read."""
        self.submit(kind, offset, length, data, flags)
        while True:
            wanted = [self] if self.output else []
            readable, writable, _ = select.select([self], wanted, [], timeout)
            if not readable and not writable:
                raise TimeoutError(f"no reply in {timeout} s")
            if writable:
                self.push()
            if readable:
                for _, error, answer in self.pull():
                    if error:
                        raise NbdError(f"request failed: errno {error}")
                    return answer

    def read_all(self, chunk=1 << 20):
        parts = []
        for offset in range(0, self.size, chunk):
            parts.append(self.call(READ, offset, min(chunk, self.size - offset)))
        return b"".join(parts)

    def close(self, orderly=True):
        """Ends the connection; orderly: tells the server so."""
        if orderly and not self.output:
            try:
                self.socket.setblocking(True)
                self.socket.sendall(_REQUEST.pack(0x25609513, 0, DISCONNECT, 0, 0, 0))
            except OSError:
                orderly = False  # it is gone already
        self.socket.close()
        return orderly
