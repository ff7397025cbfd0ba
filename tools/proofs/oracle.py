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

    TRIES = 300  # sets of zeroing operations tried before what is found counts as unexplained

    def __init__(self, found, base, operations, must):
        """found, base: per device, the number per sector. must: numbers that had to survive."""
        self.found = found
        self.base = base
        self.operations = {op.number: op for op in operations if not op.flush}
        self.must = must
        self.verdict = Verdict()
        self.touching = defaultdict(list)
        for op in self.operations.values():
            for place in places(op):
                self.touching[place].append(op)
        self.tries = 0
        self.reason = ""

    def say(self, text):
        self.verdict.violations.append(text)

    def shown(self, place):
        device, sector = place
        return self.found[device][sector]

    def before(self, place):
        device, sector = place
        return self.base[device][sector]

    def closed(self, cut):
        """A cut with everything that completed before something of it was issued."""
        newest = max((self.operations[n].issued for n in cut), default=-1)
        return cut | {n for n, op in self.operations.items() if op.completed and op.ended < newest}

    def stamped(self):
        """The operations whose stamps are found."""
        cut = set()
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
                    cut.add(number)
        return cut

    def lost(self, numbers):
        """Says of each operation why it cannot have taken effect, where a sector tells."""
        for op in sorted((self.operations[n] for n in numbers), key=lambda op: op.issued):
            for place in places(op):
                number = self.shown(place)
                where = f"device {op.device}, sector {place[1]}"
                if number == op.number or number == ZERO and (op.zero or self.zeroed_after(op, place)):
                    continue
                if number in (ZERO, self.before(place)):
                    yield f"{where}: as before, but lost: {op}"
                elif self.operations[number].ended < op.issued:
                    yield (
                        f"{where}: shows {self.operations[number]};"
                        f" lost, though of the cut: {op}"
                    )

    def zeroed_after(self, op, place):
        return any(other.zero and other.ended > op.issued for other in self.touching[place])

    def explain(self, cut):
        """A cut that contains this one and explains what is found, or None.

        What a cut lacks can only be operations that write zeroes, for others leave a stamp or
        nothing: those are tried, the earliest first, wherever zeroes have no explanation.
        """
        self.tries += 1
        order = Order(self, cut)
        if order.holds():
            return cut
        wanted = order.unexplained_zeroes()
        fitting = {
            op.number: op
            for place in wanted
            for op in self.touching[place]
            if op.zero and op.number not in cut
        }
        for op in sorted(fitting.values(), key=lambda op: op.issued):
            wider = self.closed(cut | {op.number})
            if self.tries < self.TRIES and next(self.lost(wider - cut), None) is None:
                whole = self.explain(wider)
                if whole is not None:
                    return whole
        if order.left:
            self.reason = f"no order explains the overlaps around {order.stuck()}"
        else:
            device, sector = wanted[0]
            self.reason = f"device {device}, sector {sector}: zeroes that nothing explains"
        return None

    def judge(self):
        cut = self.closed(self.stamped() | self.must)
        if not self.verdict.violations:
            for text in self.lost(cut):
                self.say(text)
        if not self.verdict.violations:
            whole = self.explain(cut)
            if whole is None:
                self.say(self.reason)
            else:
                cut = whole
        done = completed(self.operations.values())
        self.verdict.kept = len(cut)
        self.verdict.lost_completed = len(done - cut)
        return self.verdict


def places(op):
    """Where an operation writes: device and sector."""
    return [(op.device, sector) for sector in range(op.first, op.first + op.count)]


class Order:
    """Looks for an order of a cut that gives what is found, from its end on.

    An operation can be the last of those that are left if none of them was issued after its end,
    and everything it wrote and that does not show is covered by what stands behind it already. One
    that can be last now still can be later, so that taking any of them loses no solution.
    """

    def __init__(self, judgement, cut):
        self.judgement = judgement
        operations = [judgement.operations[n] for n in cut]
        self.left = set(cut)
        self.by_issue = sorted(operations, key=lambda op: op.issued)
        self.by_end = sorted(operations, key=lambda op: op.ended, reverse=True)
        self.zeroed = set()

    def holds(self):
        while self.left:
            last = next((op for op in self.open_ones() if self.may_be_last(op)), None)
            if last is None:
                return False
            self.left.remove(last.number)
            if last.zero:
                self.zeroed.update(places(last))
        return not self.unexplained_zeroes()

    def open_ones(self):
        """Those left that ended after every other one left was issued."""
        while self.by_issue and self.by_issue[-1].number not in self.left:
            self.by_issue.pop()
        while self.by_end and self.by_end[0].number not in self.left:
            self.by_end.pop(0)
        newest = self.by_issue[-1]
        for op in self.by_end:
            if op.number in self.left:
                if op is not newest and op.ended < newest.issued:
                    return
                yield op

    def hidden_by(self, place):
        """Whether what was written here before is hidden by what stands behind it already."""
        number = self.judgement.shown(place)
        return place in self.zeroed if number == ZERO else number not in self.left

    def may_be_last(self, op):
        for place in places(op):
            number = self.judgement.shown(place)
            shows = op.zero if number == ZERO else number == op.number
            if not shows and not self.hidden_by(place):
                return False
        return True

    def unexplained_zeroes(self):
        """Where zeroes are found though a write is left, or was there, and no zeroing follows."""
        judgement = self.judgement
        if self.left:
            return [
                place
                for op in (judgement.operations[n] for n in sorted(self.left))
                if not op.zero
                for place in places(op)
                if judgement.shown(place) == ZERO and place not in self.zeroed
            ]
        return [
            place
            for place in judgement.touching
            if judgement.shown(place) == ZERO
            and judgement.before(place) != ZERO
            and place not in self.zeroed
        ]

    def stuck(self):
        return min((self.judgement.operations[n] for n in self.left), key=lambda op: op.issued)


def judge(found, base, operations, must):
    """Judges what was found on the devices; see Judgement."""
    return Judgement(found, base, operations, must).judge()
