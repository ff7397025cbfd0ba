"""Clients that stop in the middle of a payload, of a request or of the handshake, or never take
their replies, delay no other client: its writes, reads and flushes go on as before."""

import socket
import struct
import time

from lab import nbd
from lab.group import Group, Site
from lab.paced import PacedLoad

DEVICES = {"data": 64 << 20, "wal": 64 << 20}
# A longer one goes to the engine in pieces, as it comes.
PAYLOAD = 128 << 10
READ = 1 << 20
REQUEST = struct.Struct(">IHHQQI")


def arguments(parser):
    parser.add_argument("--seconds", type=float, default=4, help="of each measurement (4)")
    parser.add_argument("--rate", type=int, default=250, help="writes, and reads, per second (250)")
    parser.add_argument("--clients", type=int, default=5, help="of each kind that stop (5)")


def run(args, tally):
    group = Group(
        args.folder,
        DEVICES,
        [Site("home", log_size="256MiB"), Site("far", log_size="256MiB")],
        port=21800,
    )
    group.remove_files()
    group.write_file()
    stopped = []
    try:
        group.up()
        group.wait_all_caught_up()
        measure(group, args)  # warms the JVM up
        alone = measure(group, args)
        tally.say(f"alone: {text(alone)}")
        stopped = stop_clients(group, args)
        beside = measure(group, args)
        tally.say(f"beside {len(stopped)} clients that stand still: {text(beside)}")
        judge(args, alone, beside, tally)
        finish(group, stopped[0], tally)
    finally:
        for client in stopped:
            client.close()
        group.stop_all()


def measure(group, args):
    """Completions and latencies of a paced load of writes and one of reads, on both devices."""
    began = time.monotonic()
    loads = [
        PacedLoad(place, DEVICES["data"] // 2, args.rate, seed=seed, kind=kind)
        for seed, (place, kind) in enumerate(
            (place, kind) for place in group.places("home") for kind in (nbd.WRITE, nbd.READ)
        )
    ]
    time.sleep(args.seconds)
    for load in loads:
        error = load.stop()
        if error is not None:
            raise RuntimeError(f"a client that does nothing wrong gets an error: {error}")
    latencies = sorted(latency for load in loads for latency in load.latencies)
    return {
        "completed": len(latencies),
        "seconds": time.monotonic() - began,
        "median": latencies[len(latencies) // 2],
        "p99": latencies[len(latencies) * 99 // 100],
        "longest": latencies[-1],
    }


def text(measured):
    return (
        f"{measured['completed']} requests in {measured['seconds']:.1f} s, median"
        f" {measured['median'] * 1e3:.2f} ms, p99 {measured['p99'] * 1e3:.2f} ms, longest"
        f" {measured['longest'] * 1e3:.0f} ms"
    )


def judge(args, alone, beside, tally):
    """One client that waits for another waits for ever: the bounds only leave room for noise."""
    due = args.rate * args.seconds * 2 * len(DEVICES)
    tally.check(
        beside["completed"] >= 0.9 * min(due, alone["completed"]),
        f"as many requests complete: {beside['completed']} of {alone['completed']}",
    )
    tally.check(
        beside["median"] <= 2 * alone["median"] + 0.001,
        f"the median stays: {alone['median'] * 1e3:.2f} ms, {beside['median'] * 1e3:.2f} ms",
    )
    tally.check(
        beside["p99"] <= 3 * alone["p99"] + 0.1,
        f"the slowest hundredth stays: {alone['p99'] * 1e3:.2f} ms, {beside['p99'] * 1e3:.2f} ms",
    )
    tally.check(beside["longest"] < 2, f"none waits: {beside['longest']:.2f} s")


def stop_clients(group, args):
    """Clients that stand still for good; the first one in the middle of the payload of a write."""
    stopped = []
    for number in range(args.clients):
        place = group.places("home")[number % len(DEVICES)]
        payload = nbd.Connection(*place)
        send(payload, REQUEST.pack(0x25609513, 0, nbd.WRITE, 1, DEVICES["data"] - PAYLOAD, PAYLOAD))
        send(payload, b"x" * (PAYLOAD // 2))
        header = nbd.Connection(*place)
        send(header, REQUEST.pack(0x25609513, 0, nbd.WRITE, 1, 0, PAYLOAD)[:13])
        reader = nbd.Connection(*place)
        for _ in range(64):
            reader.submit(nbd.READ, 0, READ)
        greeted = socket.socket(socket.AF_UNIX)
        greeted.connect(place[0])
        greeted.sendall(b"\0\0\0")
        stopped += [payload, header, reader, greeted]
    return stopped


def send(connection, data):
    connection.socket.setblocking(True)
    connection.socket.sendall(data)
    connection.socket.setblocking(False)


def finish(group, client, tally):
    """What a client sent half of has no effect until the rest is there; then it has."""
    other = nbd.Connection(*group.places("home")[0])
    try:
        before = other.call(nbd.READ, DEVICES["data"] - PAYLOAD, PAYLOAD)
        tally.check(not any(before), "half a payload has no effect")
        client.in_flight = 1
        client.output += b"x" * (PAYLOAD - PAYLOAD // 2)
        replies = []
        end = time.monotonic() + 10
        while not replies and time.monotonic() < end:
            client.push()
            replies = client.pull()
            time.sleep(0.01)
        tally.check([reply[1] for reply in replies] == [0], f"the rest is taken: {replies}")
        after = other.call(nbd.READ, DEVICES["data"] - PAYLOAD, PAYLOAD)
        tally.check(after == b"x" * PAYLOAD, "the whole payload is there")
    finally:
        other.close()
