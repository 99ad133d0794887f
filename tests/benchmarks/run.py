"""Measures the proxy beside its upstream and beside a naive aiohttp proxy, in one run.

    python tests/benchmarks/run.py [--seconds S] [--rounds N]

The three stand side by side and take turns within each round, so that a machine that speeds up or slows down does so
for all of them; a row shows the median of the rounds.  Only the ratios of one run mean anything.
"""

import argparse
import contextlib
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

HERE = Path(__file__).parent
READY_AFTER_S = 0.3


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


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


@contextlib.contextmanager
def child(*words, log=None):
    process = subprocess.Popen([sys.executable, *map(str, words)], stdout=log or subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(40)


def load(port, **flags):
    words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, str(HERE / "load.py"), "--port", str(port), *words]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def cpu_s(process):
    times = process.cpu_times()
    return times.user + times.system


def config(port, home):
    upstream = HERE / "upstream.py"
    file = home / "config.yaml"
    file.write_text(
        f"startPort: {port}\nmodels:\n"
        f"  bench:\n    cmd: '{sys.executable} {upstream} --port ${{PORT}}'\n    concurrencyLimit: 4096\n"
        f"  slow:\n    cmd: '{sys.executable} {upstream} --port ${{PORT}} --ready-after {READY_AFTER_S}'\n"
    )
    return file


def post(port, model):
    body = json.dumps({"model": model, "messages": []}).encode()
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def own_start_s():
    """How long the slow model takes to be ready without anybody in between."""
    port = free_port()
    began = time.monotonic()
    with child(HERE / "upstream.py", "--port", port, "--ready-after", READY_AFTER_S):
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5) as ask:
                ask.sendall(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
                if ask.recv(64).startswith(b"HTTP/1.1 200"):
                    return time.monotonic() - began
            time.sleep(0.001)


def swap_s(port):
    """How long a request takes that swaps ``bench`` for ``slow``."""
    post(port, "bench")
    began = time.monotonic()
    post(port, "slow")
    return time.monotonic() - began


def megabytes(process):
    return process.memory_full_info().uss / 1e6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    ports = {"direct": free_port(), "naive": free_port(), "ours": free_port()}
    upstream = HERE / "upstream.py"
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        log = stack.enter_context((home / "ours.log").open("w"))
        processes = {
            "direct": stack.enter_context(child(upstream, "--port", ports["direct"])),
            "naive": stack.enter_context(
                child(
                    HERE / "naive.py",
                    "--port",
                    ports["naive"],
                    "--upstream",
                    f"http://127.0.0.1:{ports['direct']}",
                )
            ),
            "ours": stack.enter_context(
                child(
                    "-m",
                    "llamaswap_desktop",
                    "serve",
                    "--config",
                    config(free_port(), home),
                    "--listen",
                    f"127.0.0.1:{ports['ours']}",
                    log=log,
                )
            ),
        }
        for port in ports.values():
            wait_for(f"http://127.0.0.1:{port}/health")
        idle = {name: megabytes(process) for name, process in processes.items()}
        post(ports["ours"], "bench")
        rows = measure(ports, processes, options)
        rows["memory idle, MB"] = idle
        rows["memory after load, MB"] = {name: megabytes(process) for name, process in processes.items()}
        show(rows)
        starts = [own_start_s() for _ in range(options.rounds)]
        swaps = [swap_s(ports["ours"]) for _ in range(options.rounds)]
        beyond_ms = (statistics.median(swaps) - statistics.median(starts)) * 1000
        print(
            f"cold swap: {statistics.median(swaps) * 1000:.0f} ms for a model that is ready by itself in"
            f" {statistics.median(starts) * 1000:.0f} ms: {beyond_ms:.0f} ms beyond its own start"
        )


def measure(ports, processes, options):
    """Run the rounds; return a row per figure: {what: {who: median}}."""
    samples = {}

    def note(what, who, value):
        samples.setdefault(what, {}).setdefault(who, []).append(value)

    for number in range(options.rounds + 1):
        for who, port in ports.items():
            many = load(port, connections=32, seconds=options.seconds)
            one = load(port, connections=1, seconds=options.seconds / 2)
            before = cpu_s(processes[who])
            streamed = load(port, connections=32, events=1000)
            if number == 0:
                continue  # warm-up
            note("requests/s, 32 connections", who, many["requests_per_s"])
            note("requests/s, 1 connection", who, one["requests_per_s"])
            note("median round trip, 1 connection, us", who, one["median_us"])
            note("p99 round trip, 32 connections, us", who, many["p99_us"])
            per_100k = (cpu_s(processes[who]) - before) / streamed["events"] * 100_000
            note("CPU s per 100 000 SSE events", who, per_100k)
    rows = {
        what: {who: statistics.median(values) for who, values in by_who.items()} for what, by_who in samples.items()
    }
    trip = rows["median round trip, 1 connection, us"]
    rows["added latency, us"] = {who: trip[who] - trip["direct"] for who in trip}
    return rows


def show(rows):
    print(f"{'':38} {'direct':>10} {'naive':>10} {'ours':>10} {'ours/naive':>11}")
    for what, row in rows.items():
        ratio = row["ours"] / row["naive"] if row["naive"] else float("nan")
        print(f"{what:38} {row['direct']:10.1f} {row['naive']:10.1f} {row['ours']:10.1f} {ratio:11.2f}")


if __name__ == "__main__":
    main()
