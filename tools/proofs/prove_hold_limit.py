"""An async site with mode hold: seen from outside, no write completes beyond its limit. The client
counts completions, the target tells its durable position; the link is stalled at random moments."""

import random
import time

from lab.group import Group, Site
from lab.paced import PacedLoad

BLOCK = 4096


def arguments(parser):
    parser.add_argument("--times", type=int, default=5, help="stalls per kind of limit (5)")


def run(args, tally):
    group = Group(
        args.folder,
        {"data": 64 << 20},
        [
            Site("home", log_size="64MiB", relayed=True),
            Site("far", log_size="64MiB", mode="hold", limit="ios=100", relayed=True),
        ],
        port=21400,
        heartbeat="500ms",
        link_timeout="30s",
    )
    group.remove_files()
    group.write_file()
    group.start_relays()
    try:
        group.up()
        group.wait_all_caught_up()
        draw = random.Random(args.seed)
        for kind, writes in (("ios=100", 100), ("ios=1", 1), ("size=256KiB", 64)):
            group.dmctl("set", "far", "limit", kind)
            counted(group, kind, writes, args, draw, tally)
        group.dmctl("set", "far", "limit", "time=1s")
        timed(group, 1.0, args, draw, tally)
        group.wait_all_caught_up()
        group.down()
        tally.check(not group.differences(), f"both sites are equal: {group.differences()}")
    finally:
        group.stop_all()


def links(group, command):
    for site in group.sites.values():
        site.relay.tell(command)


def settle(load):
    """Waits until nothing more completes; returns the count."""
    before = -1
    while before != load.completed:
        before = load.completed
        time.sleep(0.4)
    return before


def durable(group):
    """How far the target is durable; patient, for a loaded machine is no fault of the limit."""
    return group.ask("far", timeout=60)["durableSeq"]


def counted(group, kind, writes, args, draw, tally):
    """Limits in writes and bytes hold exactly."""
    group.wait_all_caught_up()
    first = durable(group)
    load = PacedLoad(group.places("home")[0], 32 << 20, rate=0, block=BLOCK, depth=256)
    worst = 0
    for _ in range(args.times):
        end = time.monotonic() + draw.uniform(0.2, 0.8)
        while time.monotonic() < end:
            # Completions first: the target can only be further when it is asked.
            done = load.completed
            worst = max(worst, done - (durable(group) - first))
        links(group, "stall")
        done = settle(load)
        ahead = done - (durable(group) - first)
        holding = group.seen("far")["limitHolding"]
        worst = max(worst, ahead)
        tally.check(ahead <= writes, f"limit {kind}: {ahead} writes completed beyond the target")
        tally.check(holding, f"limit {kind}: status says that it holds")
        tally.say(f"limit {kind}, link stalled: {done} completed, {ahead} beyond the target")
        links(group, "heal")
    error = load.stop()
    tally.check(error is None, f"limit {kind}: the load ends without error: {error}")
    tally.check(worst <= writes, f"limit {kind}: at most {worst} beyond the target, always")


def timed(group, limit, args, draw, tally):
    """Nothing completes while the oldest outstanding write is older than the limit."""
    for _ in range(args.times):
        group.wait_all_caught_up()
        load = PacedLoad(group.places("home")[0], 32 << 20, rate=500, block=BLOCK)
        time.sleep(draw.uniform(0.3, 0.6))
        links(group, "stall")
        stalled = time.monotonic()
        time.sleep(limit + 1.0)
        late = load.completions[-1] - stalled
        # Outstanding at most since the stall; what is under way may take a few milliseconds.
        tally.check(late <= limit + 0.1, f"limit time={limit} s: a write completed {late:.2f} s late")
        tally.say(f"limit time={limit:g}s: last completion {late:.2f} s after the stall")
        links(group, "heal")
        tally.check(load.stop() is None, "the load goes on after the stall and ends without error")
