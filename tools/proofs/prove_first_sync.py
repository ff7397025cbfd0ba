"""A part-filled device is first-synced under load to a site whose device held garbage; target and
primary are killed -9 on the way. It resumes, ends equal, sends little more than was written, and
the application is never stalled by it."""

import os
import random
import time

from lab import images
from lab.group import Group, Site
from lab.paced import PacedLoad

CHUNK = 1 << 20


def arguments(parser):
    parser.add_argument("--size", type=int, default=4096, help="of the device in MiB (4096)")
    parser.add_argument("--filled", type=int, default=1024, help="of it written before, MiB (1024)")
    parser.add_argument("--log", type=int, default=64, help="size of the logs in MiB (64)")
    parser.add_argument("--kills", type=int, default=2, help="of target and primary, each (2)")
    parser.add_argument("--rate", type=int, default=300, help="writes of 16 KiB per second (300)")
    parser.add_argument(
        "--resync-rate", default="64MiB/s", help="so that it lasts long enough (64MiB/s)"
    )


def run(args, tally):
    group = Group(
        args.folder,
        {"data": args.size << 20},
        [
            Site("home", log_size=f"{args.log}MiB", relayed=True),
            Site(
                "far",
                log_size=f"{args.log}MiB",
                relayed=True,
                resync_rate=args.resync_rate,
            ),
        ],
        port=21600,
    )
    group.remove_files()
    group.write_file()
    fill(group, args)
    group.start_relays()
    try:
        FirstSync(args, tally, group).run()
    finally:
        group.stop_all()


def fill(group, args):
    """Written pieces spread over a sparse device; garbage everywhere at the target."""
    draw = random.Random(args.seed)
    with open(group.sites["home"].image("data"), "wb") as image:
        image.truncate(args.size << 20)
        for index in draw.sample(range(args.size), args.filled):
            image.seek(index * CHUNK)
            image.write(draw.randbytes(CHUNK))
    images.write_whole(group.sites["far"].image("data"), args.size << 20, "random")


class FirstSync:
    def __init__(self, args, tally, group):
        self.args = args
        self.tally = tally
        self.group = group
        self.written = 0
        self.worst_write = 0.0
        self.load = None

    def run(self):
        before = on_disk(self.group.sites["home"].image("data"))
        self.group.up()
        self.start_load()
        for number in range(self.args.kills):
            self.wait_progress((2 * number + 1) / (2 * self.args.kills + 1))
            self.kill("far")
            self.wait_progress((2 * number + 2) / (2 * self.args.kills + 1))
            self.kill("home")
        self.group.wait_until(
            lambda: (self.group.seen("far") or {}).get("flow") == "live", "not synced", 900
        )
        self.stop_load()
        self.group.wait_all_caught_up(300)
        sent = sum(
            int(site.relay.tell("status")["forward-bytes"])
            + int(site.relay.tell("status")["back-bytes"])
            for site in self.group.sites.values()
        )
        self.group.down()
        different = self.group.differences()
        self.tally.check(not different, f"both sites are byte-equal: {different}")
        allowed = 1.2 * (before + self.written)
        self.tally.check(
            sent <= allowed,
            f"{sent >> 20} MiB sent, {before >> 20} MiB written before, {self.written >> 20} meanwhile",
        )
        self.tally.say(
            f"sent {sent >> 20} MiB, all bytes on the links counted; written {before >> 20} MiB before"
            f" and {self.written >> 20} meanwhile: {sent / (before + self.written):.2f} times"
        )
        self.tally.check(
            self.worst_write < 2, f"no write is stalled: longest {self.worst_write:.2f} s"
        )
        self.tally.say(f"longest write {self.worst_write * 1000:.0f} ms")

    def start_load(self):
        self.load = PacedLoad(
            self.group.places("home")[0],
            self.args.size << 20,
            rate=self.args.rate,
            block=16384,
            seed=self.args.seed + self.written,
        )

    def stop_load(self):
        self.load.stop()
        self.written += self.load.issued * 16384
        self.worst_write = max(self.worst_write, self.load.longest_write())

    def resync(self):
        seen = self.group.seen("far")
        return seen["resync"] if seen else None

    def wait_progress(self, share):
        """Waits until a share of the copy is done; says how far it is."""

        def far_enough():
            seen = self.group.seen("far")
            if seen and seen["flow"] == "live":
                return True
            progress = seen and seen["resync"]
            return bool(progress) and progress["doneBytes"] >= share * progress["totalBytes"]

        self.group.wait_until(far_enough, f"the copy does not reach {share:.0%}", 900)
        self.tally.say(f"progress: {self.resync()}")

    def kill(self, site):
        self.tally.say(f"kill -9 of {site}")
        if site == "home":
            self.group.kill9(site)
            self.stop_load()
        else:
            self.group.kill9(site)
            time.sleep(1)
        self.group.up(site)
        if site == "home":
            self.group.wait("serving", site)
            self.start_load()


def on_disk(path):
    return os.stat(path).st_blocks * 512
