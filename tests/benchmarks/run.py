"""Measures the proxy beside its upstream and beside a naive aiohttp proxy, in one run, and prints one table.

    python tests/benchmarks/run.py                 everything, about ten minutes
    python tests/benchmarks/run.py --quick         everything, short: for a look, not for a claim
    python tests/benchmarks/run.py --only load     one part: load, models, streams, swap

Who stands side by side takes turns within each round, so that a machine that speeds up or slows down does so for all
of them; a row shows the best of the rounds, which whatever else runs there disturbs least (of what events cost, the
median).  Only the ratios of one run mean anything.  Whatever the proxy does for a user is on: the activity log with
captures, the list of what is in flight, the access log.

``ours`` is the program as it is released: compiled (``installer/compile.py``, here into a temporary folder), on uvloop;
``pure`` is the same as plain Python, ``default`` compiled but on asyncio's own loop, as on Windows; ``watched`` is
``ours`` while somebody reads ``/api/events``.  ``floor`` relays bytes and does nothing else (``floor.py``).

What a request waits longer is measured at 32 connections, with one while proxy and tools have a core each, where most
of it is the waking of cores, and with one on one core for all, where it is what the proxy does.

What measures is a C program (``lean.c``) where there is a C compiler, else ``load.py`` and ``upstream.py``, and it
keeps off the core that the measured program has.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
READY_AFTER_S = 0.3
PARTS = ("load", "models", "streams", "swap")


# -- who is measured


def free_port(count=1):
    """Return the first of ``count`` free ports in a row, where the system gives none to outgoing connections."""
    while True:
        first = random.randrange(10_000, 32_000)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for port in range(first, first + count):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first


def wait_for(url, timeout_s=20.0):
    until = time.monotonic() + timeout_s
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


class Tools:
    """What asks and what answers: as words of a command line, without the options."""

    def __init__(self, home):
        lean = home / "lean"
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler and subprocess.run([compiler, "-O2", "-o", lean, HERE / "lean.c"], check=False).returncode == 0:
            self.load, self.upstream = (str(lean), "load"), (str(lean), "upstream")
        else:
            print("no C compiler: the measuring tools are Python, and take more of the machine than they should")
            self.load = (sys.executable, str(HERE / "load.py"))
            self.upstream = (sys.executable, str(HERE / "upstream.py"))


class Runner:
    """Starts the programs of one run and ends them all.

    With two processors and more, the measured program gets the last one to itself, and the tools the others.
    """

    def __init__(self, stack, home, tools, compiled):
        self._stack = stack
        self._home = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=home)))
        self.tools = tools
        self.compiled = compiled
        self._answering = []
        *others, last = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (0,)
        self.cpus_of_tools, self.cpu = (others, last) if others else ((), None)

    def start(self, *words, tree=ROOT, is_tool=False):
        """Start a program with a port of its own in place of ``PORT``; return its process and that port."""
        port = free_port()
        command = [str(word).replace("PORT", str(port)) for word in words]
        log = self._stack.enter_context((self._home / f"{port}.log").open("w"))
        environment = {**os.environ, "PYTHONPATH": str(tree)}
        process = subprocess.Popen(command, stdout=log, cwd=tree, env=environment)
        self._stack.callback(process.wait, 40)
        self._stack.callback(process.terminate)
        wait_for(f"http://127.0.0.1:{port}/health")
        self.place(process.pid, is_tool=is_tool)
        self._answering += [process.pid] * is_tool
        return psutil.Process(process.pid), port

    def place(self, pid, *, is_tool):
        """Put every thread of a process where it belongs."""
        if self.cpu is not None:
            for thread in psutil.Process(pid).threads():
                os.sched_setaffinity(thread.id, self.cpus_of_tools if is_tool else {self.cpu})

    @contextlib.contextmanager
    def on_one_core(self):
        """Have what asks and answers on the core of the measured program meanwhile."""
        apart = self.cpus_of_tools
        for cpus in {self.cpu}, apart:
            self.cpus_of_tools = cpus
            for pid in self._answering:
                self.place(pid, is_tool=True)
            if cpus is not apart:
                yield

    def upstream(self):
        return self.start(*self.tools.upstream, "--port", "PORT", is_tool=True)

    def naive(self, port):
        return self.start(sys.executable, HERE / "naive.py", "--port", "PORT", "--upstream", f"http://127.0.0.1:{port}")

    def floor(self, port):
        return self.start(sys.executable, HERE / "floor.py", "--port", "PORT", "--upstream", str(port))

    def ours(self, *start, models=2, is_pure=False):
        """Start the program with its model loaded, which is the same upstream, and others configured beside it."""
        first = free_port(models)
        file = self._home / f"{first}.yaml"
        others = "".join(f"  other{n}:\n    cmd: 'none --port ${{PORT}}'\n" for n in range(models - 2))
        upstream = " ".join(self.tools.upstream)
        file.write_text(
            f"startPort: {first}\nmodels:\n"
            f"  bench:\n    cmd: '{upstream} --port ${{PORT}}'\n    concurrencyLimit: 4096\n"
            f"  slow:\n    cmd: '{upstream} --port ${{PORT}} --ready-after {READY_AFTER_S}'\n{others}"
        )
        started = self.start(
            sys.executable,
            *(start or ("-m", "llamaswap_desktop")),
            *("serve", "--config", file, "--listen", "127.0.0.1:PORT"),
            tree=ROOT if is_pure else self.compiled,
        )
        post(started[1], "bench")
        for child in started[0].children(recursive=True):
            self.place(child.pid, is_tool=True)
            self._answering.append(child.pid)
        return started

    def load(self, port, **flags):
        """Ask; return the figures."""
        words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
        process = subprocess.Popen([*self.tools.load, "--port", str(port), *words], stdout=subprocess.PIPE, text=True)
        self.place(process.pid, is_tool=True)
        answer, _ = process.communicate()
        assert process.returncode == 0, f"the load ended with {process.returncode}"
        return json.loads(answer)


def post(port, model):
    body = json.dumps({"model": model, "messages": []}).encode()
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        sys.exit(f"{model} was answered {error.code}: {error.read().decode()}")


# -- what is measured of them


def cpu_s(process):
    """How long the program has been on a processor: by the scheduler's clock, which counts finer than ticks."""
    try:
        tasks = Path(f"/proc/{process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except OSError:
        times = process.cpu_times()
        return times.user + times.system


def megabytes(process):
    return process.memory_full_info().uss / 1e6


@contextlib.contextmanager
def watching(runner, port):
    """Read ``/api/events`` meanwhile, as an open dashboard does."""
    with socket.create_connection(("127.0.0.1", port)) as events:
        events.sendall(b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

        def read():
            if runner.cpu is not None:
                os.sched_setaffinity(0, runner.cpus_of_tools)
            with contextlib.suppress(OSError):
                while events.recv(1 << 16):
                    pass

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        yield
        events.shutdown(socket.SHUT_RDWR)
        reader.join()


class Samples:
    """Figures by row and by whom they were measured of."""

    def __init__(self):
        self._values = {}

    def note(self, what, who, value):
        self._values.setdefault(what, {}).setdefault(who, []).append(value)

    def rows(self):
        """Return the figure that stands for each: {what: {who: figure}}."""
        return {
            what: {who: _standing_for(what, values) for who, values in by_who.items()}
            for what, by_who in self._values.items()
        }


def _standing_for(what, values):
    """Return the best, or the median of what events cost: late ones come together, and that makes them cheap."""
    if "event" in what:
        return statistics.median(values)
    return max(values) if what.startswith("requests/s") else min(values)


def many(runner, samples, who, process, port, seconds):
    """Ask on 32 connections, and note the pace and what a request costs."""
    before = cpu_s(process)
    answered = runner.load(port, connections=32, seconds=seconds)
    cost = (cpu_s(process) - before) / answered["requests_per_s"] / seconds
    samples.note("requests/s, 32 connections", who, answered["requests_per_s"])
    samples.note("median round trip, 32 connections, us", who, answered["median_us"])
    samples.note("CPU us per request, 32 connections", who, cost * 1e6)
    samples.note("p99 round trip, 32 connections, us", who, answered["p99_us"])


def measure_load(runner, options):
    upstream = runner.upstream()
    measured = {
        "direct": upstream,
        "naive": runner.naive(upstream[1]),
        "floor": runner.floor(upstream[1]),
        "pure": runner.ours(is_pure=True),
        "ours": runner.ours(),
        "default": runner.ours(HERE / "default_loop.py"),
    }
    samples = Samples()
    for who, (process, _) in measured.items():
        samples.note("memory idle, MB", who, megabytes(process))
    for number in range(options.rounds + 1):
        of_round = samples if number else Samples()  # the first warms up
        for who, (process, port) in measured.items():
            many(runner, of_round, who, process, port, options.seconds)
            one = runner.load(port, connections=1, seconds=options.seconds / 2)
            of_round.note("requests/s, 1 connection", who, one["requests_per_s"])
            of_round.note("median round trip, 1 connection, us", who, one["median_us"])
            with runner.on_one_core():
                one = runner.load(port, connections=1, seconds=options.seconds / 2)
            of_round.note("median round trip, 1 connection, one core for all, us", who, one["median_us"])
            stream(runner, of_round, who, process, port, options.events, pause=0.0)
            stream(runner, of_round, who, process, port, options.events // 2, pause=0.004)
        with watching(runner, measured["ours"][1]):
            many(runner, of_round, "watched", *measured["ours"], options.seconds)
    for who, (process, _) in measured.items():
        samples.note("memory after load, MB", who, megabytes(process))
    rows = samples.rows()
    for what, trip in tuple(rows.items()):
        if what.startswith("median round trip"):
            added = what.replace("median round trip", "added latency")
            rows[added] = {who: trip[who] - trip["direct"] for who in trip}
    show(rows, (*measured, "watched"), base="naive")


def stream(runner, samples, who, process, port, events, *, pause):
    """Relay 32 streams, as fast as they come or at a pace, and note what an event costs."""
    before = cpu_s(process)
    runner.load(port, connections=32, events=events, pause=pause)
    cost = (cpu_s(process) - before) / (32 * events)
    pace = f"{1 / pause:.0f} a second" if pause else "fast"
    samples.note(f"CPU us per SSE event, 32 streams, {pace}", who, cost * 1e6)


def measure_models(runner, options):
    measured = {"2 models": runner.ours(), "500 models": runner.ours(models=500)}
    samples = Samples()
    for number in range(options.rounds + 1):
        for who, (process, port) in measured.items():
            many(runner, samples if number else Samples(), who, process, port, options.seconds)
    show(samples.rows(), tuple(measured), base="2 models")


def measure_streams(runner, options):
    """Relay slow streams, five events a second each, and see how late the events are."""
    upstream = runner.upstream()
    events = int(options.stream_seconds * 5)
    samples = Samples()
    for who, (process, port) in (
        ("direct", upstream),
        ("naive", runner.naive(upstream[1])),
        ("floor", runner.floor(upstream[1])),
        ("pure", runner.ours(is_pure=True)),
        ("ours", runner.ours()),
    ):
        before = cpu_s(process)
        paced = runner.load(port, connections=options.streams, events=events, pause=0.2)
        for what, value in paced.items():
            samples.note(f"{options.streams} slow streams: {what.replace('_', ', ')}", who, value)
        cost = (cpu_s(process) - before) / (options.streams * events - paced["missing"])
        samples.note(f"{options.streams} slow streams: CPU us per event", who, cost * 1e6)
        samples.note(f"{options.streams} slow streams: memory after, MB", who, megabytes(process))
    show(samples.rows(), ("direct", "naive", "floor", "pure", "ours"), base="naive")


def measure_swaps(runner, options):
    """Compare a request that swaps ``bench`` for ``slow`` with how long ``slow`` takes by itself."""
    _, port = runner.ours()
    starts, swaps = [], []
    for _ in range(max(9, options.rounds)):
        starts.append(own_start_s(runner))
        post(port, "bench")
        began = time.monotonic()
        post(port, "slow")
        swaps.append(time.monotonic() - began)
    for what, of in (("median", statistics.median), ("least", min)):
        start_ms, swap_ms = of(starts) * 1000, of(swaps) * 1000
        print(
            f"cold swap, {what}: {swap_ms:.0f} ms for a model that is ready by itself in {start_ms:.0f} ms:"
            f" {swap_ms - start_ms:.0f} ms beyond its own start"
        )
    print()


def own_start_s(runner):
    """How long the slow model takes to be ready without anybody in between."""
    port = free_port()
    began = time.monotonic()
    process = subprocess.Popen([*runner.tools.upstream, "--port", str(port), "--ready-after", str(READY_AFTER_S)])
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5) as ask:
                ask.sendall(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
                if ask.recv(64).startswith(b"HTTP/1.1 200"):
                    return time.monotonic() - began
            time.sleep(0.001)
    finally:
        process.terminate()
        process.wait(10)


def show(rows, columns, *, base):
    """Print a table; behind each figure but the first two columns', its ratio to that of ``base``."""
    print(f"{'':52}" + "".join(f"{who:>18}" for who in columns))
    for what, row in rows.items():
        print(f"{what:52}" + "".join(_cell(row, who, base) for who in columns), flush=True)
    print()


def _cell(row, who, base):
    if who not in row:
        return f"{'':>18}"
    is_compared = who not in {base, "direct"} and row.get(base)
    ratio = f"({row[who] / row[base]:.2f})" if is_compared else ""
    return f"{row[who]:10.1f} {ratio:7}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each load lasts")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=1000, help="events of each of 32 fast streams")
    parser.add_argument("--streams", type=int, default=2000, help="how many slow streams at once")
    parser.add_argument("--stream-seconds", type=float, default=60.0)
    parser.add_argument(
        "--compiled", type=Path, help="a folder that installer.compile has filled, instead of a new one"
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=PARTS, action="append")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.rounds, options.events = 1.0, 1, 200
        options.streams, options.stream_seconds = 200, 8.0
    parts = dict(zip(PARTS, (measure_load, measure_models, measure_streams, measure_swaps), strict=True))
    with tempfile.TemporaryDirectory() as folder:
        tools = Tools(Path(folder))
        compiled = options.compiled or compiled_in(Path(folder))
        for name, measure in parts.items():
            if not options.only or name in options.only:
                with contextlib.ExitStack() as stack:
                    measure(Runner(stack, folder, tools, compiled), options)


def compiled_in(folder):
    """Compile the program into ``folder``; where that cannot be done, all of it is measured as plain Python."""
    made = subprocess.run([sys.executable, "-m", "installer.compile", folder], cwd=ROOT, check=False)
    return ROOT if made.returncode else folder


if __name__ == "__main__":
    main()
