"""fio --verify=crc32c on both devices while a link is cut and restored and a target is killed -9
and restarted: no error, and byte-equal copies at all sites."""

import json
import subprocess
import time

from lab.group import Group, Site


def arguments(parser):
    parser.add_argument("--seconds", type=float, default=30, help="of writing (30)")
    parser.add_argument("--size", type=int, default=192, help="of each device in MiB (192)")


def run(args, tally):
    size = args.size << 20
    group = Group(
        args.folder,
        {"data": size, "wal": size},
        [
            Site("home", log_size="256MiB", relayed=True),
            Site("far", log_size="256MiB", policy="sync", relayed=True),
            Site("off", log_size="256MiB", relayed=True),
            Site("vault", link="blockdev"),
        ],
        port=21300,
    )
    group.remove_files()
    group.write_file()
    group.start_relays()
    jobs = []
    try:
        group.up()
        group.wait_all_caught_up()
        jobs = [start_fio(group, device, args) for device in group.devices]
        disturb(group, args.seconds, tally)
        for device, job in zip(group.devices, jobs):
            check_job(device, job, tally)
        group.wait_all_caught_up(300)
        group.down()
        different = group.differences()
        tally.check(not different, f"all sites are byte-equal: {different}")
    finally:
        for job in jobs:
            if job.poll() is None:
                job.kill()
        group.stop_all()


def start_fio(group, device, args):
    rate = int((args.size << 20) / args.seconds)
    return subprocess.Popen(
        [
            "fio", "--name=" + device, "--ioengine=nbd", "--uri=" + group.uri("home", device),
            "--rw=randwrite", "--bsrange=4k-64k", "--bs_unaligned=0", "--iodepth=16",
            f"--size={args.size}m", f"--rate={rate}", "--verify=crc32c", "--verify_fatal=1",
            f"--randseed={args.seed}", "--do_verify=1", "--output-format=json",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip


def check_job(device, job, tally):
    text, _ = job.communicate(timeout=600)
    start = text.find("{")
    result = json.loads(text[start:])["jobs"][0] if start >= 0 else None
    errors = -1 if result is None else result["error"] + result.get("total_err", 0)
    tally.check(job.returncode == 0 and errors == 0, f"fio on {device}: {text[-800:]}")
    if result:
        tally.say(
            f"fio on {device}: {result['write']['io_bytes'] >> 20} MiB written, longest write"
            f" {result['write']['clat_ns']['max'] / 1e6:.0f} ms; {result['read']['io_bytes'] >> 20}"
            " MiB verified, 0 errors"
        )


def disturb(group, seconds, tally):
    """Cuts and kills, spread over the time of the writing."""
    began = time.monotonic()

    def at(share):
        time.sleep(max(0.0, began + share * seconds - time.monotonic()))

    def say(text):
        primary = group.ask("home")
        sites = ", ".join(
            f"{s['name']} {s['link']}/{s['flow']} behind {s['behind']['writes']}"
            for s in primary["sites"]
            if s["name"] != "home"
        )
        tally.say(f"{text}: {sites}")

    at(0.1)
    cut(group, "far", "cut")
    at(0.2)
    say("link of far cut")
    at(0.3)
    cut(group, "far", "heal")
    at(0.4)
    group.kill9("off")
    at(0.5)
    say("link of far restored, off killed")
    group.up("off")
    at(0.6)
    say("off restarted")
    group.kill9("far")
    cut(group, "off", "stall")
    at(0.7)
    say("far killed, link of off stalled")
    group.up("far")
    cut(group, "off", "heal")
    at(0.8)
    for site in ("home", "far", "off"):
        group.sites[site].relay.tell("cut")
    at(0.9)
    say("all links cut")
    for site in ("home", "far", "off"):
        group.sites[site].relay.tell("heal")


def cut(group, site, command):
    """A site's link is disturbed for both ways of connecting."""
    group.sites[site].relay.tell(command)
    group.sites["home"].relay.tell(command)
