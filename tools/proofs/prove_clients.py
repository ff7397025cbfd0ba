"""Real clients on every export: nbdinfo, nbdcopy, qemu-io and qemu-img agree with a plain read."""

import hashlib
import json
import os
import random
import subprocess

import oracle
from writer import Writer

from lab import nbd
from lab.group import Group, Site

DEVICES = {"data": 64 << 20, "wal": 24 << 20}


def arguments(parser):
    parser.add_argument("--times", type=int, default=3, help="bursts of writes before a copy (3)")
    parser.add_argument("--other", nargs="+", metavar="SOCKET", help="check another server")


def run(args, tally):
    if args.other:
        for path in args.other:
            check_export(path, "", args.folder, args.seed, tally)
        return
    group = Group(
        args.folder,
        DEVICES,
        [
            Site("home", log_size="128MiB"),
            Site("far", log_size="128MiB", policy="sync"),
            Site("vault", link="blockdev"),
        ],
        port=21100,
    )
    group.remove_files()
    group.write_file()
    try:
        group.up()
        for time in range(args.times):
            burst(group, args.seed + time, tally)
            for device in group.devices:
                check_export(group.sites["home"].socket(), device, args.folder, args.seed, tally)
        group.wait_all_caught_up()
        plain = {device: plain_read(group.sites["home"].socket(), device) for device in DEVICES}
        group.down()
        tally.check(not group.differences(), f"all sites are equal: {group.differences()}")
        for device, expected in plain.items():
            with open(group.sites["home"].image(device), "rb") as image:
                tally.check(
                    digest(image.read()) == digest(expected),
                    f"after down the local device of {device} is the device",
                )
    finally:
        group.stop_all()


def burst(group, seed, tally):
    """Writes, trims and zeroes that leave records which are not applied yet."""
    writer = Writer(seed, list(DEVICES.values()), depth=16)
    writer.run(group.places("home"), operations=1500)
    state = group.ask("home")
    unapplied = state["headSeq"] - state["appliedSeq"]
    tally.say(f"{len(writer.operations)} operations, {unapplied} records not applied yet")


def digest(data):
    return hashlib.sha256(data).hexdigest()


def plain_read(path, export):
    connection = nbd.Connection(path, export)
    try:
        return connection.read_all()
    finally:
        connection.close()


def tool(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def check_export(path, export, folder, seed, tally):
    uri = f"nbd+unix:///{export}?socket={path}"
    copy = os.path.join(folder, "copy.img")
    if os.path.exists(copy):
        os.unlink(copy)
    # The copy first: the sooner, the more of it is not applied.
    tool("nbdcopy", uri, copy)
    plain = plain_read(path, export)
    with open(copy, "rb") as image:
        tally.check(digest(image.read()) == digest(plain), f"{uri}: nbdcopy equals a plain read")
    tool("nbdcopy", "--synchronous", uri, copy)
    with open(copy, "rb") as image:
        tally.check(digest(image.read()) == digest(plain), f"{uri}: a synchronous nbdcopy too")
    check_map(uri, plain, tally)
    tally.check(
        "identical" in tool("qemu-img", "compare", "-f", "raw", "-F", "raw", copy, uri),
        f"{uri}: qemu-img compare finds no difference",
    )
    check_qemu_io(uri, path, export, seed, tally)
    listed = tool("nbdinfo", "--list", f"nbd+unix:///?socket={path}")
    tally.check(f'export="{export}"' in listed, f"{uri}: nbdinfo --list names the export")
    os.unlink(copy)


def check_map(uri, plain, tally):
    extents = json.loads(tool("nbdinfo", "--map", "--json", uri))
    end = 0
    zeroes = 0
    fits = True
    for extent in extents:
        fits &= extent["offset"] == end
        end += extent["length"]
        if extent["type"] & 2:
            zeroes += extent["length"]
            part = plain[extent["offset"] : end]
            fits &= part.count(0) == len(part)
    tally.check(fits and end == len(plain), f"{uri}: the map covers all, its zeroes read as zeroes")
    tally.say(f"{uri}: {len(extents)} extents, {zeroes} of {end} bytes known to be zero")


def check_qemu_io(uri, path, export, seed, tally):
    """Writes, reads back, zeroes, discards and flushes with qemu-io, unaligned too."""
    draw = random.Random(seed)
    size = nbd.Connection(path, export)
    length = size.size
    size.close()
    offset = draw.randrange(1 << 20, length - (2 << 20)) & ~511
    commands = [
        f"write -P 0xa5 {offset} 192k",
        f"read -P 0xa5 {offset} 192k",
        f"write -z -u {offset + 65536} 64k",
        f"read -P 0 {offset + 65536} 64k",
        f"discard {offset + 131072} 64k",
        f"read -P 0 {offset + 131072} 64k",
        f"write -f -P 0x5a {offset + 512} 1536",
        f"read -P 0x5a {offset + 512} 1536",
        f"write -P 0x3c {offset + 4097} 999",
        f"read -P 0x3c {offset + 4097} 999",
        f"read -P 0xa5 {offset} 512",
        "flush",
    ]
    words = [word for command in commands for word in ("-c", command)]
    done = subprocess.run(
        ["qemu-io", "-f", "raw", "-n", *words, uri], capture_output=True, text=True, timeout=120
    )
    text = done.stdout + done.stderr
    good = done.returncode == 0 and "failed" not in text and "error" not in text.lower()
    tally.check(good, f"{uri}: qemu-io at {offset}: {text[-600:]}")
    restore(path, export, offset)


def restore(path, export, offset):
    """Zeroes over what has no stamp, so that an oracle can read the device again."""
    connection = nbd.Connection(path, export)
    start = offset & ~(oracle.SECTOR - 1)
    connection.call(nbd.WRITE_ZEROES, start, 256 << 10)
    connection.close()
