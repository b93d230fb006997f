"""Runs one command as a process of its own and says what it cost. Standard library only, and small: the kernel counts the
memory of the process that starts a command into the command's peak, until it has replaced its program.
"""
import os
import signal
import subprocess
import tempfile
import threading
import time

PAGE, TICK = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")


def memory_kb():
    with open("/proc/meminfo") as lines:
        return int(next(line for line in lines if line.startswith("MemTotal")).split()[1])


def busy():
    """Processor seconds of the whole machine so far, and those that the hypervisor took away."""
    with open("/proc/stat") as lines:
        ticks = [int(word) for word in lines.readline().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4] - ticks[7]) / TICK, ticks[7] / TICK


def resident_kb(pid):
    try:
        with open(f"/proc/{pid}/statm") as text:
            return int(text.read().split()[1]) * PAGE // 1024
    except (OSError, IndexError):
        return 0


class Watch(threading.Thread):
    """Kills the group of a process at the time limit, or before it takes the machine's memory."""

    def __init__(self, pid, limit_s, limit_kb):
        super().__init__(daemon=True)
        self.pid, self.limit_s, self.limit_kb = pid, limit_s, limit_kb
        self.ended, self.why = threading.Event(), None

    def run(self):
        began = time.monotonic()
        while not self.ended.wait(0.1):
            if time.monotonic() - began > self.limit_s:
                self.why = "time"
            elif resident_kb(self.pid) > self.limit_kb:
                self.why = "memory"
            if self.why:
                kill(self.pid)
                return


def kill(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def measure(command, environment, limit_s, limit_kb):
    """Wall and processor seconds, peak of resident memory, and the last line of the output; `failed` says why there are none."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        worked, stolen = busy()
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=err, env={**os.environ, **environment}, start_new_session=True)
        watch = Watch(child.pid, limit_s, limit_kb)
        watch.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            kill(child.pid)
            raise
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        now_worked, now_stolen = busy()
        watch.ended.set()
        watch.join()
        out.seek(0)
        err.seek(0)
        said, complaint = out.read(), err.read()
    own = usage.ru_utime + usage.ru_stime
    record = {"wall": wall, "user": usage.ru_utime, "system": usage.ru_stime, "peak_kb": usage.ru_maxrss,
              "others": max(now_worked - worked - own, 0.0), "stolen": now_stolen - stolen}
    record = {name: round(value, 4) for name, value in record.items()}
    if watch.why or child.returncode:
        record["failed"] = reason(watch.why, child.returncode, complaint)
    lines = said.strip().splitlines()
    return record, lines[-1] if lines else ""


def reason(why, code, complaint):
    """The words before the colon stand in tables."""
    if why:
        return f"over the limit of {why}"
    words = "out of memory" if "out of memory" in complaint.lower() else f"exit {code}"
    return f"{words}: {complaint[:400].strip()}"
