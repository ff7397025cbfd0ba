"""A group of three devices whose log is full of records that are not applied yet is killed -9: it
serves again within seconds, and its memory stays within the stated bound throughout."""

import os
import time

from lab import images, nbd
from lab.group import Group, Site
from lab.paced import PacedLoad
from lab.processes import Server

DEVICES = {"data": 4 << 30, "wal": 1 << 30, "index": 1 << 30}


def arguments(parser):
    parser.add_argument("--log", type=int, default=8192, help="size of the log in MiB (8192)")
    parser.add_argument("--fill", type=float, default=0.97, help="share of it to fill (0.97)")
    parser.add_argument("--seconds", type=float, default=10, help="allowed until it serves (10)")
    parser.add_argument("--block", type=int, default=16384, help="bytes per write (16384)")
    parser.add_argument(
        "--discards", action="store_true", help="discards instead, as many as may be unapplied"
    )


def run(args, tally):
    home = Site("home", log_size=f"{args.log}MiB")
    group = Group(args.folder, DEVICES, [home], port=22000)
    group.remove_files()
    slow = []
    try:
        home.places = {device: slow_file(group, device, slow) for device in DEVICES}
        group.write_file()
        images.write_whole(home.log(), args.log << 20, "zero")
        group.up()
        fill(group, args, tally)
        state = group.ask("home")
        tally.say(
            f"log {state['log']['usedBytes'] >> 20} of {state['log']['bytes'] >> 20} MiB used,"
            f" {state['headSeq'] - state['appliedSeq']} of {state['headSeq']} records not applied"
        )
        memory(group, state, tally, "before the kill")
        group.kill9("home")
        began = time.monotonic()
        group.up("home")
        for place in group.places("home"):
            connection = nbd.Connection(*place)
            connection.call(nbd.READ, 0, 4096)
            connection.call(nbd.WRITE, 0, 4096, bytes(4096))
            connection.close()
        took = time.monotonic() - began
        tally.check(took <= args.seconds, f"it serves again {took:.1f} s after the kill")
        tally.say(f"serves reads and writes {took:.1f} s after the kill, the JVM's start included")
        memory(group, group.ask("home"), tally, "after the restart")
    finally:
        group.stop_all()
        for server, path in slow:
            images.unmount(path)
            server.stop()


def slow_file(group, device, slow):
    """A device that takes a few MiB a second, so that the log fills with what is not applied."""
    base = os.path.join(group.sites["home"].folder, "slow-" + device)
    images.unmount(base)
    for path in (base + ".sock", base):
        if os.path.exists(path):
            os.unlink(path)
    with open(base + ".backing", "wb") as backing:
        backing.truncate(DEVICES[device])
    with open(base, "wb"):
        pass
    kit = Server(
        "nbdkit",
        ["nbdkit", "-f", "-U", base + ".sock", "--filter=rate", "file", base + ".backing"]
        + ["rate=16M"],
        base + ".out",
    )
    kit.wait_for_socket(base + ".sock")
    fuse = Server("nbdfuse", ["nbdfuse", base, "--unix", base + ".sock"], base + ".fuse.out")
    end = time.monotonic() + 20
    while not os.path.ismount(base):
        if time.monotonic() > end:
            raise RuntimeError(f"nbdfuse does not mount {base}: {fuse.output()}")
        time.sleep(0.02)
    slow += [(fuse, base), (kit, base)]
    return base


def fill(group, args, tally):
    kind = nbd.TRIM if args.discards else nbd.WRITE
    loads = [
        PacedLoad(place, size, rate=0, block=args.block, depth=32, seed=number, kind=kind)
        for number, (place, size) in enumerate(zip(group.places("home"), DEVICES.values()))
    ]
    worst = 0
    while True:
        state = group.ask("home")
        log = state["log"]
        if log["usedBytes"] >= args.fill * log["bytes"] or (args.discards and state["stalled"]):
            break
        time.sleep(0.1)
        worst = max(worst, resident(group.pid("home")))
    if state["stalled"]:
        tally.say(f"held: {state['stalled']['reason']}")
    for load in loads:
        error = load.stop()
        tally.check(error is None, f"the load ends without error: {error}")
    tally.say(f"{sum(load.completed for load in loads)} requests, {worst >> 20} MiB resident at most")


def resident(pid, field="VmRSS"):
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith(field):
                return int(line.split()[1]) << 10
    return 0


def memory(group, state, tally, when):
    peak = resident(group.pid("home"), "VmHWM")
    bound = state["memoryBytes"]
    tally.say(f"{when}: peak resident {peak >> 20} MiB, stated bound {bound >> 20} MiB")
    tally.check(peak <= bound, f"{when}: memory within its bound")
