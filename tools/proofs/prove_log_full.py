"""A site out of reach until the log is full: stall holds writes and says so, drop goes on and says
so; afterwards all sites are equal."""

import time

from lab.group import Group, Site
from lab.paced import PacedLoad

LOG_MIB = 8


def arguments(parser):
    parser.add_argument("--times", type=int, default=1, help="fillings per mode (1)")


def run(args, tally):
    group = Group(
        args.folder,
        {"data": 64 << 20},
        [
            Site("home", log_size=f"{LOG_MIB}MiB", relayed=True),
            Site("far", log_size="64MiB", mode="stall", relayed=True),
        ],
        port=21500,
        memory="8MiB",
    )
    group.remove_files()
    group.write_file()
    group.start_relays()
    try:
        group.up()
        group.wait_all_caught_up()
        for _ in range(args.times):
            stall(group, tally)
            drop(group, tally)
        group.down()
        tally.check(not group.differences(), f"both sites are equal: {group.differences()}")
    finally:
        group.stop_all()


def links(group, command):
    for site in group.sites.values():
        site.relay.tell(command)


def quiet(load, seconds):
    before = load.completed
    time.sleep(seconds)
    return load.completed == before


def stall(group, tally):
    group.dmctl("set", "far", "mode", "stall")
    links(group, "cut")
    load = PacedLoad(group.places("home")[0], 32 << 20, rate=0, block=16384, depth=16)
    group.wait_until(lambda: quiet(load, 1.0), "the log does not fill")
    state = group.ask("home")
    tally.check(state["stalled"] is not None, f"stall: status says why writes are held: {state}")
    tally.say(f"stall after {load.completed} writes of 16 KiB: {state['stalled']}")
    tally.check(load.error is None, f"stall: writes wait, none fails: {load.error}")
    links(group, "heal")
    group.wait_until(lambda: not quiet(load, 0.5), "writes do not go on")
    tally.check(load.stop() is None, "stall: held writes complete after the link is back")
    group.wait_all_caught_up()


def drop(group, tally):
    group.dmctl("set", "far", "mode", "drop")
    links(group, "cut")
    load = PacedLoad(group.places("home")[0], 32 << 20, rate=0, block=16384, depth=16)
    group.wait_until(lambda: load.completed * 16384 > 4 * LOG_MIB << 20, "drop: writes stop")
    seen = group.seen("far")
    tally.check(seen["problem"] is not None, f"drop: status says so: {seen}")
    tally.say(f"drop after {load.completed} writes of 16 KiB, flow {seen['flow']}: {seen['problem']}")
    tally.check(load.stop() is None, "drop: no write fails")
    tally.check(load.longest_gap() < 2, f"drop: writes go on, longest gap {load.longest_gap():.2f} s")
    links(group, "heal")
    group.wait_all_caught_up(300)
    tally.say("drop: the site is taken in again")
