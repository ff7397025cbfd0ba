"""Two devices written in dependent pairs, B[i] only after A[i] has completed: no site ever shows
B[i] without A[i], at a kill of the primary, a takeover at an async site or a pause."""

import oracle
from prove_kill9 import Kill9
from writer import Writer, found_in_files

from lab.group import Group, Site

DEVICES = {"a": 8 << 20, "b": 8 << 20}
SLOT_SECTORS = 8


def arguments(parser):
    parser.add_argument("--times", type=int, default=20, help="kills (20)")
    parser.add_argument(
        "--follow", choices=("restart", "takeover", "either"), default="either", help="(either)"
    )
    parser.add_argument("--compare-every", type=int, default=10, help="kills between stops (10)")


def run(args, tally):
    group = Group(
        args.folder,
        DEVICES,
        [
            Site("home", log_size="512MiB"),
            Site("far", log_size="512MiB"),
            Site("vault", link="blockdev"),
        ],
        port=21900,
        ask_sites="1s",
    )
    group.remove_files()
    group.write_file()
    try:
        Pairs(args, tally, group).run()
        group.down()
    finally:
        group.stop_all()


class PairWriter(Writer):
    """Writes slot i of device 0, and when that has completed, slot i of device 1."""

    def __init__(self, seed, sizes, keep):
        super().__init__(seed, sizes, depth=16, keep=keep)
        self.open_slots = set()
        self.pair_of = {}

    def fill(self, connections):
        first, second = connections[0], connections[1]
        for op in [op for op in self.operations[-4 * self.depth :] if op.device == 0]:
            if op.completed and self.pair_of.get(op.number) is None:
                self.number += 1
                pair = oracle.Operation(self.number, 1, op.first, op.count)
                self.pair_of[op.number] = pair.number
                second.open_operations[self.submit(second, pair)] = pair
        for op in self.operations[-6 * self.depth :]:
            if op.device == 1 and op.completed:
                self.open_slots.discard(op.first)
        while first.in_flight < self.depth:
            slot = self.random.randrange(self.sizes[0] // oracle.SECTOR // SLOT_SECTORS)
            if slot * SLOT_SECTORS in self.open_slots:
                continue
            self.number += 1
            op = oracle.Operation(self.number, 0, slot * SLOT_SECTORS, SLOT_SECTORS)
            self.open_slots.add(op.first)
            first.open_operations[self.submit(first, op)] = op

    def start(self, places, **options):
        self.open_slots.clear()
        super().start(places, **options)


class Pairs(Kill9):
    def __init__(self, args, tally, group):
        writer = PairWriter(args.seed, list(DEVICES.values()), keep=args.folder)
        super().__init__(args, tally, group, writer, takeover_loses=True)

    def one(self, number):
        self.pause(number)
        super().one(number)

    def check_more(self, found, what):
        firsts = {second: first for first, second in self.writer.pair_of.items()}
        torn = [
            slot
            for slot in range(0, len(found[1]), SLOT_SECTORS)
            if found[1][slot] in firsts and found[0][slot] < firsts[found[1][slot]]
        ]
        self.tally.check(not torn, f"{what}: B without A in the slots at sectors {torn[:5]}")

    def pause(self, number):
        """Cuts the blockdev site off in mid-load and looks at its files."""
        primary = self.group.primary()
        self.writer.start(self.group.places(primary))
        self.writer.stopping.wait(self.random.uniform(0.05, 0.6))
        self.group.dmctl("pause", "vault", "--reason", "proof")
        self.group.wait_until(
            lambda: self.group.seen("vault")["flow"] == "paused", "vault is not paused"
        )
        paths = [self.group.sites["vault"].image(device) for device in self.group.devices]
        found = found_in_files(paths)
        again = found_in_files(paths)
        self.tally.check(found == again, f"pause {number}: nothing reaches vault while paused")
        error = self.writer.stop()
        self.tally.check(error is None, f"pause {number}: writes go on: {error}")
        verdict = self.writer.judge(found, must=set())
        self.tally.check_verdict(verdict, f"pause {number}: vault holds a closed cut")
        self.check_more(found, f"pause {number}: vault")
        self.group.dmctl("resume", "vault")
        self.group.wait_all_caught_up()
