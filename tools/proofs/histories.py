"""Small histories of operations, for the oracle's own proof: known to be possible, or looked through whole."""

import itertools
import math

import oracle


class History:
    """Operations of several clients at once, each taking effect at one moment between its ends."""

    def __init__(self, draw, operations, depth, sectors, devices):
        self.draw = draw
        filled = draw.random() < 0.5
        self.base = [
            [1000 + s if filled and draw.random() < 0.7 else oracle.ZERO for s in range(sectors)]
            for _ in range(devices)
        ]
        self.operations = []
        self.effects = []
        under_way = []
        time = 0
        while len(self.operations) < operations or under_way:
            time += 1
            begins = not under_way or (len(under_way) < depth and draw.random() < 0.6)
            if len(self.operations) < operations and begins:
                op = self.next_operation(time)
                self.operations.append(op)
                under_way.append(op)
                continue
            op = draw.choice(under_way)
            if op in self.effects:
                op.ended = time
                op.completed = True
                under_way.remove(op)
            else:
                self.effects.append(op)

    def next_operation(self, time):
        sectors = len(self.base[0])
        first = self.draw.randrange(sectors)
        return oracle.Operation(
            len(self.operations) + 1,
            self.draw.randrange(len(self.base)),
            first,
            min(self.draw.randint(1, 5), sectors - first),
            zero=self.draw.random() < 0.3,
            issued=time,
        )

    def leave_open(self, share):
        """Some operations after whose end nothing was issued may never have ended."""
        newest = max(op.issued for op in self.operations)
        for op in self.operations:
            if op.ended > newest and self.draw.random() < share:
                op.ended, op.completed = math.inf, False

    def after(self, effects):
        """What the devices hold after operations in this order."""
        found = [list(sectors) for sectors in self.base]
        for op in effects:
            for device, sector in oracle.places(op):
                found[device][sector] = oracle.ZERO if op.zero else op.number
        return found

    def changed(self, found):
        """The same with one sector that shows something else, perhaps."""
        device = self.draw.randrange(len(found))
        sector = self.draw.randrange(len(found[device]))
        stamps = [
            op.number
            for op in self.operations
            if not op.zero and (device, sector) in oracle.places(op)
        ]
        choices = [oracle.ZERO, self.base[device][sector], *stamps]
        found[device][sector] = self.draw.choice(choices)
        return found

    def is_possible(self, found, must):
        """Whether any cut in any order gives what is found: looks through all of them."""
        for size in range(len(self.operations) + 1):
            for cut in itertools.combinations(self.operations, size):
                if self.is_closed(cut, must) and any(
                    is_in_time(order) and self.after(order) == found
                    for order in itertools.permutations(cut)
                ):
                    return True
        return False

    def is_closed(self, cut, must):
        numbers = {op.number for op in cut}
        return must <= numbers and all(
            op.number in numbers or not op.completed or all(op.ended > x.issued for x in cut)
            for op in self.operations
        )


def is_in_time(order):
    return all(a.issued < b.ended for a, b in itertools.combinations(order, 2))
