"""Counts what was proved and says it."""

import sys
import time
import traceback


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.started = time.monotonic()

    def say(self, text):
        print(f"[{time.monotonic() - self.started:7.1f} s] {text}", flush=True)

    def check(self, holds, what):
        """Counts one statement; what says it either way."""
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            self.say("FAILED: " + what)
        return bool(holds)

    def check_verdict(self, verdict, what):
        for violation in verdict.violations[:5]:
            self.say("  " + violation)
        if len(verdict.violations) > 5:
            self.say(f"  and {len(verdict.violations) - 5} more")
        return self.check(verdict.ok(), what)

    def fail(self, what):
        self.failed += 1
        self.say(f"FAILED: {what}\n{traceback.format_exc()}")

    def end(self):
        """Prints the last line; returns the exit code."""
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        sys.stdout.flush()
        return 0 if self.failed == 0 and self.passed > 0 else 1
