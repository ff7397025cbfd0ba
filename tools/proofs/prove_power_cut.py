"""Power cuts: log and devices of a site on files that lose what was not flushed. Nothing flushed is
missing, no device is ahead of its log, and all sites are equal after they are connected again."""

import os
import random
import signal

import oracle
from writer import Writer, found_at, found_in_files

from lab.group import Group, Site
from lab.powered import PoweredFile, cut_all

DEVICES = {"data": 12 << 20, "wal": 6 << 20}
LOG = 24 << 20
VICTIMS = ("home", "home-alone", "far", "both")


def arguments(parser):
    parser.add_argument("--times", type=int, default=50, help="power cuts (50)")
    parser.add_argument(
        "--victim", choices=(*VICTIMS, "any"), default="any", help="whose power is cut (any)"
    )


def run(args, tally):
    files = {}
    sites = []
    for name in ("home", "far"):
        folder = os.path.join(os.path.realpath(args.folder), name)
        os.makedirs(folder, exist_ok=True)
        mine = {}
        for part, size in {**DEVICES, "log": LOG}.items():
            file = PoweredFile(os.path.join(folder, "powered-" + part), size)
            file.clear()
            mine[part] = file
        files[name] = mine
        places = {part: file.path for part, file in mine.items()}
        sites.append(Site(name, log_size=f"{LOG >> 20}MiB", places=places))
    group = Group(args.folder, DEVICES, sites, port=21700, ask_sites="2s")
    try:
        PowerCut(args, tally, group, files).run()
    finally:
        group.stop_all()
        for mine in files.values():
            for file in mine.values():
                file.clear()


class PowerCut:
    def __init__(self, args, tally, group, files):
        self.args = args
        self.tally = tally
        self.group = group
        self.files = files
        self.random = random.Random(args.seed)
        self.writer = Writer(args.seed, list(DEVICES.values()), keep=args.folder)

    def run(self):
        for mine in self.files.values():
            for file in mine.values():
                file.power_on(self.random.randrange(1 << 30))
        self.group.remove_state()
        self.group.write_file()
        self.group.up()
        self.group.wait_all_caught_up()
        for number in range(1, self.args.times + 1):
            self.one(number)
        self.group.down()
        self.power_off_orderly()
        self.compare()

    def one(self, number):
        what = self.args.victim
        if what == "any":
            what = self.random.choice(VICTIMS)
        victims = {"home-alone": ["home"], "both": ["home", "far"]}.get(what, [what])
        seconds = self.random.uniform(0.1, 1.5)
        self.writer.start(self.group.places("home"))
        self.writer.stopping.wait(seconds)
        if what == "home-alone":
            # What far holds must not help: home comes back by its own log.
            self.group.kill9("far")
        for site in self.random.sample(victims, len(victims)):
            self.cut(site)
        if what == "far":
            self.writer.stopping.wait(0.3)
        error = self.writer.stop()
        if what == "far":
            self.tally.check(error is None, f"cut {number} of far: writes go on: {error}")
        for site in victims:
            for file in self.files[site].values():
                file.clear()
                file.power_on(self.random.randrange(1 << 30))
        self.group.up(*victims)
        self.group.wait("serving", "home")
        found = found_at(self.group.places("home"))
        done = oracle.completed(self.writer.operations)
        must = done if what == "far" else oracle.flushed(self.writer.operations)
        verdict = self.writer.judge(found, must)
        self.tally.check_verdict(
            verdict, f"cut {number}, {what}: nothing that had to survive is missing"
        )
        self.tally.say(
            f"cut {number}, {what}, after {seconds:.2f} s: {len(done)} completed,"
            f" {len(must)} had to survive, {verdict.kept} kept, {verdict.lost_completed} lost"
        )
        self.writer.rebase(found)
        self.group.up()
        self.group.wait_all_caught_up()

    def cut(self, victim):
        """All at once, as near as one gets: the daemon is stopped first, or sees its disks go."""
        pid = self.group.pid(victim)
        if self.random.random() < 0.7:
            os.kill(pid, signal.SIGSTOP)
        cut_all(self.files[victim].values(), self.random)
        if self.group.pid(victim) is not None:
            self.group.kill9(victim)

    def power_off_orderly(self):
        for mine in self.files.values():
            for file in mine.values():
                file.sync()
                file.clear()

    def compare(self):
        for part in DEVICES:
            home, far = (self.files[name][part].content() for name in ("home", "far"))
            self.tally.check(home == far, f"{part} is equal at both sites after the last cut")
        paths = [self.files["far"][part].backing() for part in DEVICES]
        self.tally.check_verdict(
            self.writer.judge(found_in_files(paths)), "far holds all that was completed"
        )
