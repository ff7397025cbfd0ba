"""kill -9 of the primary under load at random moments, each followed by a restart or by a takeover
at a sync site. Nothing completed is missing, at no site is a later write without an earlier one."""

import random

import oracle
from writer import Writer, found_at, found_in_files

from lab.group import Group, Site

DEVICES = {"data": 12 << 20, "wal": 6 << 20}


def arguments(parser):
    parser.add_argument("--times", type=int, default=50, help="kills (50)")
    parser.add_argument(
        "--follow", choices=("restart", "takeover", "either"), default="either", help="(either)"
    )
    parser.add_argument("--compare-every", type=int, default=5, help="kills between whole stops (5)")


def run(args, tally):
    group = Group(
        args.folder,
        DEVICES,
        [
            Site("home", log_size="32MiB", policy="sync"),
            Site("far", log_size="32MiB", policy="sync"),
            Site("vault", link="blockdev"),
        ],
        port=21200,
        ask_sites="1s",
    )
    group.remove_files()
    group.write_file()
    proof = Kill9(args, tally, group, Writer(args.seed, list(DEVICES.values()), keep=args.folder))
    try:
        proof.run()
        group.down()
    finally:
        group.stop_all()


class Kill9:
    """Kills the primary again and again; the devices, sites and plan are the caller's."""

    def __init__(self, args, tally, group, writer, takeover_loses=False):
        """takeover_loses: whether a takeover may lose completed writes, as at an async site."""
        self.args = args
        self.tally = tally
        self.group = group
        self.random = random.Random(args.seed)
        self.writer = writer
        self.takeover_loses = takeover_loses
        self.vault_resyncs = 0

    def run(self):
        self.group.up()
        self.group.wait_all_caught_up()
        for number in range(1, self.args.times + 1):
            self.one(number)
            if number % self.args.compare_every == 0 or number == self.args.times:
                self.compare_all(number)

    def one(self, number):
        primary = self.group.primary()
        other = "far" if primary == "home" else "home"
        self.vault_resyncs = self.group.count_messages("site vault: resync begins")
        seconds = self.random.uniform(0.05, 1.2)
        self.writer.start(self.group.places(primary))
        self.writer.stopping.wait(seconds)
        self.group.kill9(primary)
        self.writer.stop()
        done = len(oracle.completed(self.writer.operations))
        self.judge_vault(number)
        takes_over = self.args.follow == "takeover" or (
            self.args.follow == "either" and self.random.random() < 0.5
        )
        if takes_over:
            said = self.group.takeover(other).strip().splitlines()
            serving = other
        else:
            said = []
            self.group.up(primary)
            serving = primary
        self.group.wait("serving", serving)
        found = found_at(self.group.places(serving))
        what = f"takeover at {other}" if takes_over else f"restart of {primary}"
        if takes_over and self.takeover_loses:
            verdict = self.writer.judge(found, must=set())
            self.tally.check_verdict(verdict, f"kill {number}, {what}: a closed cut")
        else:
            verdict = self.writer.judge(found)
            self.tally.check_verdict(verdict, f"kill {number}, {what}: nothing completed is missing")
        self.check_more(found, f"kill {number}, {what}")
        self.tally.say(
            f"kill {number} after {seconds:.2f} s, {what}: {done} completed operations,"
            f" {verdict.kept} kept, {verdict.lost_completed} lost{': ' if said else ''}"
            + "; ".join(said[:1])
        )
        self.writer.rebase(found)
        if takes_over:
            self.bring_back(primary)
        self.group.wait_all_caught_up()

    def judge_vault(self, number):
        """The blockdev site's files as they are, cut off at any moment."""
        if self.group.count_messages("site vault: resync begins") != self.vault_resyncs:
            self.tally.say(f"kill {number}: vault fell out of the log, its files are not judged")
            self.vault_resyncs = self.group.count_messages("site vault: resync begins")
            return
        paths = [self.group.sites["vault"].image(device) for device in self.group.devices]
        found = found_in_files(paths)
        verdict = self.writer.judge(found, must=set())
        self.tally.check_verdict(verdict, f"kill {number}: vault holds a closed cut")
        self.check_more(found, f"kill {number}: vault")

    def check_more(self, found, what):
        """Something that a proof of its own asks for."""

    def bring_back(self, old):
        """The old primary comes back, is told of the higher term and follows."""
        self.group.up(old)
        state = self.group.ask(old)
        self.tally.check(not state["serving"], f"{old}, back after a takeover, does not serve")

        def decided():
            seen = self.group.seen(old)
            return seen and (seen["flow"] == "live" or seen["data"] == "forked")

        self.group.wait_until(decided, f"{old} neither follows nor is refused")
        if self.group.seen(old)["data"] == "forked":
            self.tally.say(f"{old} has forked: resync --discard")
            self.group.dmctl("resync", old, "--discard", "--yes")

    def compare_all(self, number):
        """A clean stop: all sites equal, byte by byte, and equal to what was last acknowledged."""
        primary = self.group.primary()
        self.writer.run(self.group.places(primary), operations=400)
        self.group.wait_all_caught_up()
        self.group.down()
        different = self.group.differences()
        self.tally.check(not different, f"after kill {number} all sites are equal: {different}")
        for name, site in self.group.sites.items():
            found = found_in_files([site.image(device) for device in self.group.devices])
            self.tally.check_verdict(
                self.writer.judge(found), f"after kill {number} {name} holds all that was completed"
            )
        self.writer.rebase(found)
        self.group.up()
        self.group.wait_all_caught_up()
