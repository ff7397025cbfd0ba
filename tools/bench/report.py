"""Cells, medians, ratios and the tables made of them."""

import os
import platform
import shlex
import statistics
import subprocess
from dataclasses import dataclass, replace

from loads import fio_command

HERE = os.path.dirname(os.path.realpath(__file__))


@dataclass(frozen=True)
class Cell:
    """One load on one subject in one round."""

    result: object
    cpu_per_gib: float
    allocated_per_operation: float | None
    allocated_most: str = ""
    wrong: str | None = None

    def void(self, wrong):
        return replace(self, wrong=wrong)

    def text(self):
        result = self.result
        allocated = self.allocated_per_operation
        return (
            f"{result.iops:9.0f} IOPS  p50 {result.p50_us:7.0f} us  p99 {result.p99_us:7.0f} us"
            f"  cpu {self.cpu_per_gib:6.2f} s/GiB"
            + ("" if allocated is None else f"  {allocated:6.1f} B/op {self.allocated_most}")
        )


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True)
        return (done.stdout + done.stderr).strip().splitlines()[0]
    except (FileNotFoundError, IndexError):
        return command[0] + ": not found"


def machine(folder):
    """The machine and the versions, a line each."""
    model = next(
        (line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory = int(open("/proc/meminfo").readline().split()[1]) // 1024
    system = subprocess.run(
        ["df", "--output=fstype,source", folder], capture_output=True, text=True
    ).stdout.splitlines()[-1]
    return [
        f"{os.cpu_count()} cores of {model}, {memory} MiB of memory, Linux {platform.release()}",
        f"file system: {' on '.join(system.split())}",
        f"load average at the start: {' '.join(f'{load:.2f}' for load in os.getloadavg())}",
        *(
            first_line(command)
            for command in (
                ["fio", "--version"],
                ["nbdkit", "--version"],
                ["qemu-nbd", "--version"],
                ["qemu-storage-daemon", "--version"],
            )
        ),
    ]


def allocated_bytes(pids):
    """Bytes that each thread of some JVMs has allocated since it began; None without JVMs."""
    if not pids:
        return None
    probe = os.path.join(HERE, "AllocatedBytes.java")
    java = os.path.join(java_home(pids[0]), "bin", "java")
    done = subprocess.run(
        [java, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", probe, *map(str, pids)],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{probe}: {done.stderr[-800:]}")
    pairs = (line.split(" ", 1) for line in done.stdout.splitlines())
    return {thread: int(count) for count, thread in pairs}


def java_home(pid):
    """Where the JDK of a running JVM is."""
    return os.path.dirname(os.path.dirname(os.path.realpath(f"/proc/{pid}/exe")))


def allocated_between(after, before):
    """Bytes per thread, most first; of a thread that is gone nothing is known."""
    if after is None or before is None:
        return None
    differences = {thread: count - before.get(thread, 0) for thread, count in after.items()}
    return dict(sorted(differences.items(), key=lambda item: -item[1]))


def most(allocated):
    """The thread that allocated most, for the log of the run."""
    if not allocated:
        return ""
    thread, count = next(iter(allocated.items()))
    return f"({count >> 10} KiB by {thread.split('/')[-1]})"


def median(cells, value):
    """The median over rounds, or None if a round is void or missing."""
    if not cells or any(cell.wrong for cell in cells):
        return None
    values = [value(cell) for cell in cells]
    return None if None in values else statistics.median(values)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def number(value, form="{:,.0f}"):
    return "void" if value is None else form.format(value)


def spread(cells):
    """Lowest and highest, as a share of the median."""
    values = sorted(cell.result.iops for cell in cells)
    middle = statistics.median(values)
    return f"{values[0] / middle - 1:+.0%} {values[-1] / middle - 1:+.0%}"


def ratios(subjects, loads, cells):
    """The group's IOPS over each peer's, and over that of another way to run it."""
    pairs = [
        (ours, theirs)
        for ours in subjects
        for theirs in subjects
        if ours.is_group and (not theirs.is_group or ours.rival == theirs.name)
    ]
    rows = []
    for load in loads:
        row = [load.name]
        for pair in pairs:
            ours, theirs = (median(cells[each.name][load.name], lambda cell: cell.result.iops) for each in pair)
            row.append("-" if not ours or not theirs else f"{ours / theirs:.2f}")
        rows.append(row)
    head = [f"{ours.name} / {theirs.name}" for ours, theirs in pairs]
    return table(["ratio of IOPS", *head], rows) if head else ""


def values_table(title, subjects, loads, cells, form):
    return table(
        [title, *(subject.name for subject in subjects)],
        [[load.name, *(form(cells[s.name][load.name]) for s in subjects)] for load in loads],
    )


def iops_form(cells):
    return f"{number(median(cells, lambda c: c.result.iops))} ({spread(cells)})"


def latency_form(cells):
    p50 = median(cells, lambda c: c.result.p50_us)
    p99 = median(cells, lambda c: c.result.p99_us)
    return f"{number(p50)} / {number(p99)}"


def cpu_form(cells):
    return number(median(cells, lambda c: c.cpu_per_gib), "{:.2f}")


def allocation_form(cells):
    return number(median(cells, lambda c: c.allocated_per_operation), "{:.1f}")


def markdown(machine_lines, subjects, loads, cells, lines, args):
    example = fio_command(loads[0], subjects[0].uri(), args.seconds, args.size << 20, ramp=0.5)
    java = [subject for subject in subjects if subject.is_group]
    parts = [
        f"Medians of {args.rounds} interleaved rounds, {args.seconds:g} s a cell, after a warm-up;"
        f" a device of {args.size} MiB, every block written before. Every server is started anew in"
        " each round and stopped after it; then the copies are compared with the device, and where"
        " they differ all cells of the round are void.",
        "\n".join("- " + line for line in machine_lines),
        "\n".join(f"- **{subject.name}**: {subject.meaning}" for subject in subjects),
        values_table("IOPS (lowest, highest)", subjects, loads, cells, iops_form),
        ratios(subjects, loads, cells),
        values_table("p50 / p99 in us (fsync=1: of the flush)", subjects, loads, cells, latency_form),
        values_table("CPU s per GiB, all servers", subjects, loads, cells, cpu_form),
    ]
    if java:
        parts.append(values_table("bytes allocated per operation", java, loads, cells, allocation_form))
    parts.append("The load, its first row as an example:\n\n    " + shlex.join(example))
    for subject in subjects:
        shown = "\n".join("    " + line for text in lines[subject.name] for line in text.splitlines())
        parts.append(f"{subject.name}:\n\n{shown}")
    return "\n\n".join(part for part in parts if part) + "\n"
