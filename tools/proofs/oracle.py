"""Judges what is found on devices by a journal kept outside of what is killed.

Every sector that is written carries a stamp. A verdict asks for a cut of the operations since a
baseline, closed under "completed before issued" over all devices, that explains every sector and
holds everything that had to survive.
"""

import math
import struct
import zlib
from collections import defaultdict
from dataclasses import dataclass, field

SECTOR = 512
ZERO = 0

_HEAD = struct.Struct("<8sIIQQ")
_MAGIC = b"dmctlst1"
_ZEROES = bytes(SECTOR)


@dataclass
class Operation:
    """A write (zero: of zeroes) or a flush; times are counts of events at the client."""

    number: int
    device: int
    first: int
    count: int
    zero: bool = False
    flush: bool = False
    fua: bool = False
    issued: int = 0
    ended: float = math.inf
    completed: bool = False

    def __str__(self):
        kind = "flush" if self.flush else "zeroes" if self.zero else "write"
        end = self.ended if self.completed else "never"
        return (
            f"{kind} {self.number} of device {self.device}, sectors {self.first} to"
            f" {self.first + self.count - 1}, issued at {self.issued}, completed at {end}"
        )


def stamp(writer, operation):
    """The bytes that an operation writes."""
    parts = []
    fill = struct.pack("<QI", operation.number * 0x9E3779B97F4A7C15 & (2**64 - 1), writer)
    body = (fill * 40)[: SECTOR - _HEAD.size - 4]
    for sector in range(operation.first, operation.first + operation.count):
        head = _HEAD.pack(_MAGIC, writer, operation.device, operation.number, sector)
        parts += [head, body, struct.pack("<I", zlib.crc32(body, zlib.crc32(head)))]
    return b"".join(parts)


class Damage(Exception):
    """A sector that is neither zero nor any stamp of its place."""


def numbers(image, device):
    """The number of the operation that wrote each sector of an image; ZERO for zeroes."""
    found = []
    for sector in range(len(image) // SECTOR):
        data = image[sector * SECTOR : (sector + 1) * SECTOR]
        if data == _ZEROES:
            found.append(ZERO)
            continue
        magic, _, stamped_device, number, stamped_sector = _HEAD.unpack_from(data)
        (crc,) = struct.unpack_from("<I", data, SECTOR - 4)
        if magic != _MAGIC or zlib.crc32(data[:-4]) != crc:
            raise Damage(f"device {device}, sector {sector}: torn or foreign: {data[:40].hex()}")
        if (stamped_device, stamped_sector) != (device, sector):
            raise Damage(
                f"device {device}, sector {sector}: holds what was written to device"
                f" {stamped_device}, sector {stamped_sector} by operation {number}"
            )
        found.append(number)
    return found


@dataclass
class Verdict:
    """What a judgement found."""

    violations: list = field(default_factory=list)
    kept: int = 0
    lost_completed: int = 0

    def ok(self):
        return not self.violations


def flushed(operations):
    """What has to survive a power cut: completed before a completed flush was issued, or FUA."""
    last = max((op.issued for op in operations if op.flush and op.completed), default=-1)
    return {
        op.number
        for op in operations
        if not op.flush and op.completed and (op.ended < last or op.fua)
    }


def completed(operations):
    """What has to survive a restart, and a takeover at a sync site."""
    return {op.number for op in operations if not op.flush and op.completed}


class Judgement:
    """One verdict in the making."""

    def __init__(self, found, base, operations, must):
        """found, base: per device, the number per sector. must: numbers that had to survive."""
        self.found = found
        self.base = base
        self.operations = {op.number: op for op in operations if not op.flush}
        self.must = must
        self.verdict = Verdict()
        self.touching = defaultdict(list)
        for op in self.operations.values():
            for sector in range(op.first, op.first + op.count):
                self.touching[op.device, sector].append(op)
        self.cut = set(must)

    def say(self, text):
        self.verdict.violations.append(text)

    def close(self):
        """Adds everything that completed before something of the cut was issued."""
        newest = max((self.operations[n].issued for n in self.cut), default=-1)
        self.cut |= {n for n, op in self.operations.items() if op.completed and op.ended < newest}

    def take_stamps(self):
        for device, sectors in enumerate(self.found):
            base = self.base[device]
            for sector, number in enumerate(sectors):
                if number == base[sector] or number == ZERO and self.touching[device, sector]:
                    continue
                op = self.operations.get(number)
                if op is None:
                    self.say(
                        f"device {device}, sector {sector}: holds operation {number}, which is none"
                        f" since the last verdict; it held {base[sector]} then"
                    )
                elif op.zero or op.device != device:
                    self.say(f"device {device}, sector {sector}: holds an impossible {op}")
                else:
                    self.cut.add(number)

    def take_zeroes(self):
        """Adds zeroing operations that nothing else explains; returns whether it added any."""
        added = False
        for (device, sector), ops in self.touching.items():
            if self.found[device][sector] != ZERO:
                continue
            writes = [op for op in ops if not op.zero and op.number in self.cut]
            zeroes = [op for op in ops if op.zero]
            if not writes and (
                self.base[device][sector] == ZERO or any(z.number in self.cut for z in zeroes)
            ):
                continue
            newest = max((op.issued for op in writes), default=-1)
            fitting = [op for op in zeroes if op.ended > newest]
            if not any(op.number in self.cut for op in fitting) and fitting:
                self.cut.add(min(fitting, key=lambda op: op.issued).number)
                added = True
        return added

    def last_of(self, device, sector, inside):
        """The operation of the cut that a sector shows, or None for the baseline."""
        number = self.found[device][sector]
        if number != ZERO:
            return self.operations.get(number) if number != self.base[device][sector] else None
        zeroes = [op for op in inside if op.zero]
        return max(zeroes, key=lambda op: (op.ended, op.issued), default=None)

    def check_order(self):
        """Whether some order of the cut gives what was found."""
        after = defaultdict(set)
        for (device, sector), ops in self.touching.items():
            inside = [op for op in ops if op.number in self.cut]
            last = self.last_of(device, sector, inside)
            if last is None:
                if any(not op.zero for op in inside) or (
                    inside and self.found[device][sector] != ZERO
                ):
                    self.say(
                        f"device {device}, sector {sector}: as before, but lost: {inside[-1]}"
                    )
                continue
            for op in inside:
                if op is last or op.zero and last.zero:
                    continue
                if last.ended < op.issued:
                    self.say(
                        f"device {device}, sector {sector}: shows {last};"
                        f" lost, though of the cut: {op}"
                    )
                else:
                    after[op.number].add(last.number)
        if not self.verdict.violations:
            self.check_acyclic(after)

    def check_acyclic(self, after):
        before = defaultdict(int)
        for followers in after.values():
            for number in followers:
                before[number] += 1
        waiting = sorted((self.operations[n] for n in self.cut), key=lambda op: op.issued)
        while waiting:
            # What was issued after the end of a waiting operation has to come after it.
            bound = math.inf
            chosen = None
            for index, op in enumerate(waiting):
                if op.issued > bound:
                    break
                bound = min(bound, op.ended)
                if before[op.number] == 0:
                    chosen = index
                    break
            if chosen is None:
                self.say(f"no order explains the overlaps around {waiting[0]}")
                return
            for number in after[waiting.pop(chosen).number]:
                before[number] -= 1

    def judge(self):
        self.take_stamps()
        self.close()
        while self.take_zeroes():
            self.close()
        self.check_order()
        done = completed(self.operations.values())
        self.verdict.kept = len(self.cut)
        self.verdict.lost_completed = len(done - self.cut)
        return self.verdict


def judge(found, base, operations, must):
    """Judges what was found on the devices; see Judgement."""
    return Judgement(found, base, operations, must).judge()
