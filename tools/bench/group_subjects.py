"""The group as a subject: a primary and one site behind a tcp link, each in a process of its own."""

import os
import re

from peers import Subject

from lab import images, processes
from lab.group import Group, Site

LOG_BYTES = 1 << 30
DEVICE = "data"


class GroupSubject(Subject):
    is_group = True
    policy = ""
    disk_access = "auto"
    port = 0

    def __init__(self, folder, size):
        super().__init__(folder, size)
        log_size = f"{LOG_BYTES >> 20}MiB"
        self.group = Group(
            folder,
            {DEVICE: size},
            [
                Site("home", log_size=log_size),
                Site("far", log_size=log_size, policy=self.policy),
            ],
            self.port,
            name="bench",
            disk_access=self.disk_access,
        )

    def prepare(self):
        self.group.write_file()
        for site in self.group.sites.values():
            fill = "random" if site.name == "home" else "zero"
            images.write_whole(site.image(DEVICE), self.size, fill)
            images.write_whole(site.log(), LOG_BYTES, "zero")

    def start(self):
        # A new group each time: the log is one that has never been used, its blocks are written.
        for site in self.group.sites.values():
            images.zero_start(site.log(), 64 << 20)
        self.group.up()
        self.group.wait("serving", "home")
        self.group.wait("caught-up", "far")

    def uri(self):
        return self.group.uri("home", DEVICE)

    def pids(self):
        found = [self.group.pid(site) for site in self.group.daemons()]
        return [pid for pid in found if pid is not None]

    def java_pids(self):
        pid = self.group.pid("home")
        return [] if pid is None else [pid]

    def lines(self):
        with open(self.group.file) as file:
            return [
                f"dmctl up {self.group.file} --detach, with {self.group.file}:",
                re.sub(r"^", "  ", file.read(), flags=re.MULTILINE).rstrip(),
                *(processes.command_line(pid) for pid in self.pids()),
            ]

    def settle_and_verify(self):
        self.group.wait("caught-up", "far")
        self.group.down()
        sites = self.group.sites
        return images.first_difference(sites["home"].image(DEVICE), sites["far"].image(DEVICE))

    def stop(self):
        self.group.stop_all()

    def remove_images(self):
        for site in self.group.sites.values():
            for path in (site.image(DEVICE), site.log()):
                if os.path.exists(path):
                    os.unlink(path)


class GroupAsync(GroupSubject):
    name = "async"
    meaning = "dmctl, one further site, tcp, policy async"
    policy = "async"
    port = 10960


class GroupSync(GroupSubject):
    name = "sync"
    meaning = "dmctl, one further site, tcp, policy sync"
    policy = "sync"
    port = 10970


class GroupAsyncThreads(GroupAsync):
    name = "async, threads"
    meaning = "async, with disk-access: threads"
    disk_access = "threads"
    port = 10980


class GroupAsyncRing(GroupAsync):
    name = "async, io_uring"
    rival = "async, threads"
    meaning = "async, with disk-access: io-uring"
    disk_access = "io-uring"
    port = 10984


class GroupSyncThreads(GroupSync):
    name = "sync, threads"
    meaning = "sync, with disk-access: threads"
    disk_access = "threads"
    port = 10988


class GroupSyncRing(GroupSync):
    name = "sync, io_uring"
    rival = "sync, threads"
    meaning = "sync, with disk-access: io-uring"
    disk_access = "io-uring"
    port = 10992
