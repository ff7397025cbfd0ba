"""What fio does to a subject, and what it says of it."""

import json
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    name: str
    rw: str
    block: str
    depth: int
    extra: tuple = ()


LOADS = (
    Load("4k randwrite qd 1", "randwrite", "4k", 1),
    Load("4k randwrite qd 16", "randwrite", "4k", 16),
    Load("4k randwrite qd 64", "randwrite", "4k", 64),
    Load("128k write qd 4", "write", "128k", 4),
    Load("4k randread qd 16", "randread", "4k", 16),
    Load("4k randwrite fsync=1", "randwrite", "4k", 1, ("--fsync=1",)),
)
WARM_UP = Load("warm-up", "randwrite", "4k", 16)


@dataclass(frozen=True)
class Result:
    iops: float
    operations: int
    bytes: int
    p50_us: float
    p99_us: float
    max_us: float


def fio_command(load, uri, seconds, size, ramp=0.0, more=()):
    return [
        "fio", "--name=cell", "--ioengine=nbd", "--uri=" + uri, "--rw=" + load.rw,
        "--bs=" + load.block, f"--iodepth={load.depth}", f"--size={size}", "--time_based",
        f"--runtime={round(seconds * 1000)}ms", f"--ramp_time={round(ramp * 1000)}ms",
        "--norandommap", "--randrepeat=0",
        "--percentile_list=50:99", "--output-format=json", *load.extra, *more,
    ]  # fmt: skip


def start_fio(command, seconds):
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=seconds + 60,
    )


def run_fio(load, uri, seconds, size, ramp=0.0, more=()):
    command = fio_command(load, uri, seconds, size, ramp, more)
    try:
        done = start_fio(command, seconds)
    except subprocess.TimeoutExpired:
        # fio 3.33 itself hung in one of some hundred short cells with fsync=1 on qemu-nbd.
        print(f"    {load.name}: fio did not end, once more", flush=True)
        done = start_fio(command, seconds)
    start = done.stdout.find("{")
    if done.returncode != 0 or start < 0:
        raise RuntimeError(f"fio failed ({done.returncode}): {done.stdout[-600:]}{done.stderr[-600:]}")
    job = json.loads(done.stdout[start:])["jobs"][0]
    if job["error"]:
        raise RuntimeError(f"fio: error {job['error']}")
    part = job["read" if load.rw == "randread" else "write"]
    # With a flush per write it is the flush that takes the time.
    latency = job["sync"]["lat_ns"] if "--fsync=1" in load.extra else part["clat_ns"]
    percentiles = latency.get("percentile", {})
    return Result(
        iops=part["iops"],
        operations=part["total_ios"],
        bytes=part["io_bytes"],
        p50_us=percentiles.get("50.000000", 0) / 1000,
        p99_us=percentiles.get("99.000000", 0) / 1000,
        max_us=latency["max"] / 1000,
    )
