"""The monitor of a qemu-storage-daemon."""

import json
import socket
import time


class Monitor:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rw")
        self._read()
        self.ask("qmp_capabilities")

    def _read(self):
        line = self.file.readline()
        if not line:
            raise RuntimeError("the monitor has closed")
        return json.loads(line)

    def ask(self, command, **arguments):
        """Carries out a command and returns its answer; events are passed over."""
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = self._read()
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError(f"{command} {arguments}: {answer['error']['desc']}")

    def wait_job(self, job, state, seconds):
        """Waits until a job is ready, or gone (state None)."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            jobs = {each["id"]: each for each in self.ask("query-jobs")}
            found = jobs.get(job)
            if found and found.get("error"):
                raise RuntimeError(f"job {job}: {found['error']}")
            if found is None if state is None else found and found["status"] == state:
                return
            time.sleep(0.05)
        raise RuntimeError(f"job {job} is not {state or 'gone'} after {seconds} s: {jobs}")

    def close(self):
        self.socket.close()
