"""What is in the guest: a base that is made once, packs of further tools, and what changes with each run."""

import glob
import hashlib
import lzma
import os
import re
import shutil
import subprocess

from cpio import Archive

HERE = os.path.dirname(os.path.realpath(__file__))
PROJECT = os.path.dirname(HERE)

# Loaded at start in this order, each after what it says it depends on.
MODULES = (
    "dm-mod ublk_drv nbd loop dm-mirror dm-zero dm-delay dm-flakey dm-log-writes dm-snapshot"
    " virtio_rng virtio_blk virtio_net"
).split()
# At hand for a test's modprobe.
FURTHER_MODULES = "brd null_blk scsi_debug dm-thin-pool dm-crypt dm-integrity raid1".split()

# Real tools where busybox's differ or are missing, and whatever starts other programs: Debian's busybox
# starts its own applet of a name rather than the program on the path. So its shell runs nothing here.
TOOLS = (
    "bash dash env find xargs grep ps pgrep pkill dd cmp timeout sha256sum stat setsid flock nsenter unshare"
    " dmsetup lsblk blockdev losetup blkid blkdiscard wipefs findmnt mount umount fstrim"
    " mke2fs e2fsck tune2fs dumpe2fs resize2fs"
).split()
OPTIONAL_TOOLS = "strace mkfs.xfs xfs_repair".split()
# Large and not always used: a test asks for them with a line "# packs: fio nbd".
PACKS = {
    "fio": ["fio"],
    "nbd": ["nbdinfo", "nbdcopy", "qemu-io", "qemu-img"],
    "package": ["dpkg", "dpkg-deb", "dpkg-query", "dpkg-split", "tar", "ldconfig"],  # and dmctl's package itself
}

# What the project uses, and some that show what goes on in it.
JAVA_MODULES = (
    "java.base java.logging java.management java.naming java.xml jdk.jfr jdk.management jdk.net jdk.unsupported"
    " jdk.zipfs java.desktop"  # JNA asks for the last one
).split()
JRE = "usr/lib/jvm/dmctl"


class CannotBeHad(Exception):
    """Something that the guest needs is not on this machine; says what installs it."""


def base(cache, kernel, java_home):
    """Kernel modules, JVM, busybox and tools; made anew when one of them has changed."""
    tools = [_tool(name) for name in TOOLS] + [tool for tool in map(shutil.which, OPTIONAL_TOOLS) if tool]
    files = sorted(set(tools) | _libraries(tools))
    busybox = _tool("busybox")
    key = _key(files + [busybox, os.path.join(java_home, "release"), os.path.join(kernel, "version")])
    path = os.path.join(cache, f"base-{key}.cpio")
    if os.path.exists(path):
        return path
    _forget(cache, "base-*.cpio*")
    jre = _jre(cache, java_home)
    archive = Archive(path)
    for folder in "proc sys dev tmp scratch run mnt root etc var/tmp usr/bin usr/sbin usr/lib usr/lib64".split():
        archive.folder(folder)
    for name in ("bin", "sbin", "lib", "lib64"):
        archive.link(name, f"usr/{name}")
    archive.device("dev/console", 5, 1)
    archive.text("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
    archive.text("etc/group", "root:x:0:\ndisk:x:6:\n")
    archive.text("etc/hosts", "127.0.0.1 localhost\n")
    archive.text("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
    archive.link("etc/mtab", "/proc/self/mounts")
    if os.path.exists("/etc/mke2fs.conf"):
        archive.copy("etc/mke2fs.conf", "/etc/mke2fs.conf")
    for file in files:
        archive.copy(_in_guest(file), file)
    archive.link("usr/bin/sh", "dash")
    archive.link("usr/sbin/mkfs.ext4", "mke2fs")
    archive.tree(JRE, jre)
    objects = glob.glob(jre + "/lib/**/*.so", recursive=True) + [jre + "/bin/java"]
    for file in sorted(_libraries(objects) - set(files)):
        if not file.startswith(jre):
            archive.copy(_in_guest(file), file)
    archive.link("usr/bin/java", f"/{JRE}/bin/java")
    _add_modules(archive, kernel)
    _add_busybox(archive, busybox)
    archive.close()
    return path


def pack(cache, name):
    """Further tools with those libraries that the base does not have, or has the same of."""
    tools = [_tool(tool) for tool in PACKS[name]]
    files = sorted(set(tools) | _libraries(tools))
    path = os.path.join(cache, f"pack-{name}-{_key(files)}.cpio")
    if not os.path.exists(path):
        _forget(cache, f"pack-{name}-*.cpio*")
        archive = Archive(path)
        for file in files:
            archive.copy(_in_guest(file), file)
        archive.close()
    return path


def package(folder):
    """The project's Debian package, and a database of packages with just what that depends on."""
    run = subprocess.run([PROJECT + "/tools/package/build"], stdout=subprocess.PIPE, text=True)
    if run.returncode:
        raise CannotBeHad("tools/package/build makes no package, see above")
    deb = os.path.join(PROJECT, run.stdout.strip())
    archive = Archive(os.path.join(folder, "package.cpio"))
    archive.copy("dmctl.deb", deb)
    told = subprocess.run(["dpkg-deb", "--field", deb, "Depends"], check=True, stdout=subprocess.PIPE, text=True).stdout
    needs = re.findall(r"([a-z0-9.+-]+)(?: \([^)]*\))?(?:, |\n)", told)
    said = subprocess.run(["dpkg-query", "--status", *needs], check=True, stdout=subprocess.PIPE, text=True).stdout
    archive.text("var/lib/dpkg/status", said)
    names = subprocess.run(
        ["dpkg-query", "--show", "--showformat", "${binary:Package} ", *needs],
        check=True, stdout=subprocess.PIPE, text=True,
    ).stdout.split()  # fmt: skip
    for name in names:
        archive.text(f"var/lib/dpkg/info/{name}.list", "/.\n")
    for folder in "var/lib/dpkg/updates var/lib/dpkg/parts var/lib/dpkg/triggers var/log etc/dpkg/dpkg.cfg.d".split():
        archive.folder(folder)
    archive.close()
    return archive.path


def overlay(folder, java_home):
    """The project as ./dmctl runs it, and the tests."""
    archive = Archive(os.path.join(folder, "overlay.cpio"))
    archive.copy("init", os.path.join(HERE, "guest", "init"), mode=0o755)
    archive.tree("test", os.path.join(HERE, "guest"))
    classes = _compile(folder, java_home)
    if classes:
        archive.tree("test/classes", classes)
    archive.copy("opt/dmctl/dmctl", os.path.join(PROJECT, "dmctl"))
    for jar in sorted(glob.glob(PROJECT + "/target/lib/*.jar")):
        archive.copy("opt/dmctl/target/lib/" + os.path.basename(jar), jar)
    archive.link("usr/bin/dmctl", "/opt/dmctl/dmctl")
    archive.text(
        "usr/bin/replog",
        "#!/bin/sh\nexec java -XX:+UseSerialGC -p /opt/dmctl/target/lib"
        ' -m dmctl.tools.replog/dmctl.tools.replog.ReplogTool "$@"\n',
        mode=0o755,
    )
    archive.close()
    return archive.path


def _compile(folder, java_home):
    """The tests' own Java programs, which see all of the project on the class path."""
    sources = sorted(glob.glob(os.path.join(HERE, "guest", "java", "*.java")))
    if not sources:
        return None
    classes = os.path.join(folder, "classes")
    javac = [os.path.join(java_home, "bin", "javac"), "-d", classes, "-cp", PROJECT + "/target/lib/*", *sources]
    subprocess.run(javac, check=True)
    return classes


def _tool(name):
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not path:
        raise CannotBeHad(f"{name} is not on this machine; .ci/packages names the packages of all tools")
    return path


def _libraries(files):
    found = set()
    for file in files:
        run = subprocess.run(["ldd", file], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        found.update(re.findall(r"(/\S+) \(0x", run.stdout))
    return found


def _in_guest(path):
    """There /bin, /sbin and /lib are links to those of /usr, as on any Debian of today."""
    return re.sub(r"^/(bin|sbin|lib|lib64)/", r"/usr/\1/", path)


def _key(files):
    with open(__file__, "rb") as file:
        told = hashlib.sha256(file.read())
    for file in files:
        info = os.stat(file)
        told.update(f"{file} {info.st_size} {info.st_mtime_ns}\n".encode())
    return told.hexdigest()[:16]


def _forget(cache, pattern):
    """All but the newest two: other checkouts may share the cache."""
    for path in sorted(glob.glob(os.path.join(cache, pattern)), key=os.path.getmtime)[:-2]:
        os.remove(path)


def _jre(cache, java_home):
    jre = os.path.join(cache, "jre")
    shutil.rmtree(jre, ignore_errors=True)
    jlink = [
        os.path.join(java_home, "bin", "jlink"), "--add-modules", ",".join(JAVA_MODULES), "--output", jre,
        "--strip-java-debug-attributes", "--no-header-files", "--no-man-pages", "--generate-cds-archive",
        # Under emulation code of the second compiler crashes now and then, that of the first never has.
        "--add-options= -XX:TieredStopAtLevel=1",
    ]  # fmt: skip
    run = subprocess.run(jlink, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode:
        raise CannotBeHad(f"jlink of {java_home} makes no runtime: {run.stdout.strip().splitlines()[-1]}")
    shutil.rmtree(os.path.join(jre, "legal"), ignore_errors=True)
    return jre


def _add_modules(archive, kernel):
    """Unpacked, as busybox's insmod wants them, with the order in which they can be loaded."""
    there = {}
    for path in glob.glob(kernel + "/modules/**/*.ko.xz", recursive=True):
        there[os.path.basename(path)[: -len(".ko.xz")].replace("-", "_")] = path
    added = {}

    def add(name):
        name = name.replace("-", "_")
        if name not in added:
            if name not in there:
                raise CannotBeHad(f"this kernel has no module {name}")
            with lzma.open(there[name]) as file:
                data = file.read()
            needs = re.search(rb"\0depends=([^\0]*)\0", data).group(1).decode()
            added[name] = []  # a circle ends here
            added[name] = [add(need) for need in needs.split(",") if need]
            archive._entry(f"lib/modules/{name}.ko", 0o100644, data)
        return name

    def order(names, into):
        for name in names:
            order(added[name], into)
            if name not in into:
                into.append(name)
        return into

    at_start = [add(name) for name in MODULES]
    further = [add(name) for name in FURTHER_MODULES]
    archive.text("lib/modules/at-start", "\n".join(order(at_start, [])) + "\n")
    for name in at_start + further:
        archive.text(f"lib/modules/{name}.order", "\n".join(order([name], [])) + "\n")


def _add_busybox(archive, busybox):
    archive.copy("usr/bin/busybox", busybox)
    applets = subprocess.run([busybox, "--list"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    for applet in applets:
        # Never in front of a real tool: its mke2fs and dd lack what the tests use.
        if f"usr/bin/{applet}" not in archive.names and f"usr/sbin/{applet}" not in archive.names:
            if applet not in ("modprobe", "busybox"):
                archive.link(f"usr/bin/{applet}", "busybox")
    archive.text(
        "usr/sbin/modprobe",
        "#!/bin/sh\n# modprobe NAME [OPTION...]: the modules it needs first\n"
        'name=$(echo "$1" | tr - _)\nshift\n'
        "for module in $(cat /lib/modules/$name.order); do\n"
        '  [ -e /sys/module/$module ] || insmod /lib/modules/$module.ko $([ $module = $name ] && echo "$@") || exit 1\n'
        "done\n",
        mode=0o755,
    )
