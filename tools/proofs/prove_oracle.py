"""The oracle itself: accepts what a plain server holds, and finds each kind of loss put into it."""

import copy
import math
import os
import random

import oracle
from histories import History
from writer import Writer, found_at, replay_kept

from lab.processes import Server

SIZE = 4 << 20


def arguments(parser):
    parser.add_argument("--times", type=int, default=5, help="plans tried (5)")
    parser.add_argument("--replay", metavar="FILE", help="judge again what a proof has kept")


def run(args, tally):
    if args.replay:
        tally.check_verdict(replay_kept(args.replay), args.replay)
        return
    possible(args.seed, 2000, tally)
    exact(args.seed, 2000, tally)
    for seed in range(args.seed, args.seed + args.times):
        one(args.folder, seed, tally)


def one(folder, seed, tally):
    servers = []
    try:
        sockets = []
        for device in range(2):
            sockets.append(os.path.join(folder, f"memory{device}.sock"))
            if os.path.exists(sockets[-1]):
                os.unlink(sockets[-1])
            servers.append(
                Server(
                    "nbdkit",
                    ["nbdkit", "-f", "-U", sockets[-1], "memory", str(SIZE)],
                    os.path.join(folder, "nbdkit.out"),
                )
            )
            servers[-1].wait_for_socket(sockets[-1])
        places = [(path, "") for path in sockets]
        writer = Writer(seed, [SIZE] * 2)
        writer.run(places, operations=3000)
        found = found_at(places)
        verdict = writer.judge(found)
        tally.check_verdict(verdict, f"seed {seed}: what a plain server holds is accepted")
        tally.say(f"seed {seed}: {len(writer.operations)} operations, {verdict.kept} in the cut")
        losses(writer, found, seed, tally)
    finally:
        for server in servers:
            server.stop()


def possible(first, times, tally):
    """Whatever a prefix of some order leaves is accepted, though nothing had to survive."""
    refused = []
    for seed in range(first, first + times):
        draw = random.Random(seed)
        history = History(draw, draw.randint(5, 40), draw.randint(2, 8), draw.randint(4, 16), 2)
        found = history.after(history.effects[: draw.randint(0, len(history.effects))])
        verdict = oracle.judge(found, history.base, history.operations, set())
        if not verdict.ok():
            refused.append(f"{seed}: {verdict.violations[0]}")
    tally.check(not refused, f"{times} prefixes of orders are accepted: {refused[:3]}")


def exact(first, times, tally):
    """Of a few operations the verdict is what looking through all cuts and orders gives."""
    wrong = []
    verdicts = {True: 0, False: 0}
    for seed in range(first, first + times):
        draw = random.Random(seed)
        history = History(draw, draw.randint(1, 5), draw.randint(1, 4), draw.randint(2, 4), 2)
        effects = history.effects[: draw.randint(0, len(history.effects))]
        history.leave_open(0.3)
        if draw.random() < 0.5:
            draw.shuffle(effects)
        found = history.after(effects[draw.randint(0, 1) :])
        if draw.random() < 0.3:
            found = history.changed(found)
        must = {op.number for op in history.operations if op.completed and draw.random() < 0.2}
        fits = history.is_possible(found, must)
        verdicts[fits] += 1
        if oracle.judge(found, history.base, history.operations, must).ok() != fits:
            wrong.append(seed)
    tally.check(not wrong, f"{times} verdicts are those of a look through all orders: {wrong[:3]}")
    tally.check(min(verdicts.values()) > times / 10, f"of both kinds: {verdicts}")


def replay(writer, without):
    """What the devices hold when some operations never took effect."""
    found = [list(base) for base in writer.base]
    for op in sorted(writer.operations, key=lambda op: op.ended):
        if op.number not in without and not op.flush:
            value = oracle.ZERO if op.zero else op.number
            for sector in range(op.first, op.first + op.count):
                found[op.device][sector] = value
    return found


def shown(found):
    return {number for sectors in found for number in sectors}


def is_alone(op, writer, found):
    """Whether it shows in a sector that nothing in flight with it wrote: its loss has no excuse."""
    mine = {s for s in range(op.first, op.first + op.count) if found[op.device][s] == op.number}
    for other in writer.operations:
        if other is not op and other.device == op.device and not other.flush:
            if other.issued < op.ended and op.issued < other.ended:
                mine -= set(range(other.first, other.first + other.count))
    return bool(mine)


def losses(writer, found, seed, tally):
    draw = random.Random(seed)
    writes = [op for op in writer.operations if not op.flush and not op.zero]
    whole = shown(replay(writer, set()))
    visible = [op for op in writes if op.number in whole]
    lost = draw.choice([op for op in visible[: len(visible) // 2] if is_alone(op, writer, found)])
    tally.check(
        not writer.judge(replay(writer, {lost.number})).ok(),
        f"seed {seed}: one lost write is found",
    )
    tally.check(
        not writer.judge(replay(writer, {lost.number}), must=set()).ok(),
        f"seed {seed}: a lost write with later ones kept is found though none had to survive",
    )
    tail = sorted(writes, key=lambda op: op.ended)[-40:]
    cut = {op.number for op in writer.operations if op.ended >= tail[0].ended}
    tally.check_verdict(
        writer.judge(replay(writer, cut), must=set()), f"seed {seed}: a lost end is accepted"
    )
    tally.check(
        not writer.judge(replay(writer, cut)).ok(),
        f"seed {seed}: a lost end is found where all completed had to survive",
    )
    across = {op.number for op in writer.operations if op.device == 1 and op.number in cut}
    left = shown(replay(writer, across))
    newest = max(op.issued for op in writes if op.device == 0 and op.number in left)
    if any(op.number in across & whole and op.ended < newest for op in writes):
        tally.check(
            not writer.judge(replay(writer, across), must=set()).ok(),
            f"seed {seed}: an end lost on one device alone is found",
        )
    foreign = copy.deepcopy(found)
    foreign[0][draw.randrange(len(foreign[0]))] = 10**9
    tally.check(not writer.judge(foreign).ok(), f"seed {seed}: a foreign stamp is found")
    swapped(seed, tally)


def swapped(seed, tally):
    """Two overlapping writes in flight at once must have one order."""

    def op(number, issued, ended):
        return oracle.Operation(number, 0, 0, 2, issued=issued, ended=ended, completed=True)

    both = [op(1, 1, 4), op(2, 2, 3)]
    base = [[oracle.ZERO] * 2]
    must = {1, 2}
    for found, fits in (([1, 1], True), ([2, 2], True), ([1, 2], False), ([2, 1], False)):
        tally.check(
            oracle.judge([found], base, both, must).ok() == fits,
            f"seed {seed}: overlapping writes in flight show {found}: accepted {fits}",
        )
    late = [op(1, 1, 2), op(2, 3, math.inf)]
    late[1].completed = False
    tally.check(oracle.judge([[1, 1]], base, late, {1}).ok(), "an open write may be missing")
    tally.check(oracle.judge([[2, 2]], base, late, {1}).ok(), "an open write may be there")
    tally.check(not oracle.judge([[0, 2]], base, late, {1}).ok(), "no half of an earlier write")
