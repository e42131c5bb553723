"""Runs the benchmarks, prints one table and writes ``benchmarks/results.json``.

    python -m benchmarks.run [--items 2000000] [--rounds 5]

Exporters take turns against one wire-level server, each in a process of its own; a figure is the median over the
rounds, a ratio is one of medians. The provider's operator gets every eighth page only, since it takes so long. The exit
code is 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import parquet

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks/results.json"
MEBIBYTE = 1024 * 1024
SCANNED_ITEMS = 100_000  # a month: bytes are counted, not timed, so more wouldn't say more
TARGETS: dict[str, tuple[str, str, Callable[[float], bool]]] = {
    "export_vs_provider": ("x", ">= 8", lambda value: value >= 8),
    "two_segments_vs_one": ("x", ">= 1.8", lambda value: value >= 1.8),
    "cpu_vs_floor": ("x", "<= 2", lambda value: value <= 2),
    "memory_growth": ("x", "<= 1.1", lambda value: value <= 1.1),
    "memory_above_idle": ("MiB", "<= 64", lambda value: value <= 64),
    "parquet_vs_jsonl": ("x", ">= 4", lambda value: value >= 4),
    "parse_ms_per_archive": ("ms", "<= 10", lambda value: value <= 10),
}

Measured = dict[str, float]
PROVIDERS_SHARE = 8
# Of a round.
TURNS = ("ours", "two segments", "provider", "ours", "two segments", "floor", "server", "ours", "two segments")


@contextmanager
def wire_server(items: int) -> Iterator[tuple[str, int]]:
    """A server of that many items; yields its URL and the number of its pages."""
    command = [sys.executable, "-m", "benchmarks.wire_server", "--items", str(items)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        assert process.stdout is not None
        url, pages = process.stdout.readline().split()
        try:
            yield url, int(pages)
        finally:
            process.terminate()


def start(name: str, url: str, *options: str) -> subprocess.Popen[str]:
    """Start one exporter."""
    command = [sys.executable, "-m", "benchmarks.exporters", name, url, *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=REPOSITORY)


def finish(process: subprocess.Popen[str]) -> Measured:
    """What an exporter measured.

    :raises RuntimeError: if it failed.
    """
    output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, process.args))} failed with exit code {process.returncode}")
    measured: Measured = json.loads(output.splitlines()[-1])
    return measured


def median(rounds: list[Measured], name: str) -> float:
    """The median of one figure."""
    return statistics.median(one[name] for one in rounds)


def exports(items: int, rounds: int, say: Callable[[str], None]) -> dict[str, tuple[float, str]]:
    """The ratios of export, in alternating rounds."""
    taken: dict[str, list[Measured]] = {name: [] for name in TURNS}
    with wire_server(items) as (url, pages):
        for number, name in ((number, name) for number in range(1, rounds + 1) for name in TURNS):
            measured = _turn(name, url)
            if name == "provider":
                measured["seconds"] *= pages / len(range(0, pages, PROVIDERS_SHARE))
            taken[name].append(measured)
            say(f"round {number} of {rounds}: {name}: {items / measured['seconds']:,.0f} items/s")
    ours, provider, alone = (median(taken[name], "seconds") for name in ("ours", "provider", "server"))
    cpu = median(taken["ours"], "cpu") / items * 1e6
    floor_cpu = median(taken["floor"], "cpu") / items * 1e6
    return {
        "export_vs_provider": (
            provider / ours,
            f"{items / ours:,.0f} against {items / provider:,.0f} items/s; the server alone gives {items / alone:,.0f}",
        ),
        "two_segments_vs_one": (
            ours / median(taken["two segments"], "seconds"),
            "two processes on two cores, the server beside",
        ),
        "cpu_vs_floor": (cpu / floor_cpu, f"{cpu:.1f} against {floor_cpu:.1f} CPU seconds a million items"),
    }


def _turn(name: str, url: str) -> Measured:
    match name:
        case "two segments":
            both = [start("ours", url, "--segment", str(segment), "--total", "2") for segment in (0, 1)]
            return {"seconds": max(finish(process)["seconds"] for process in both)}
        case "provider":
            return finish(start(name, url, "--total", str(PROVIDERS_SHARE)))
    return finish(start(name, url))


def memory(rounds: int, say: Callable[[str], None]) -> dict[str, tuple[float, str]]:
    """Peak memory above an idle worker, at 10,000 and a million items."""
    peaks = {}
    for items in (10_000, 1_000_000):
        with wire_server(items) as (url, _):
            peaks[items] = median([finish(start("ours", url)) for _ in range(rounds)], "memory")
        say(f"memory: {peaks[items] / MEBIBYTE:.1f} MiB above idle for {items:,} items")
    small, large = peaks.values()
    note = f"{small / MEBIBYTE:.1f} MiB at 10,000 items, {large / MEBIBYTE:.1f} MiB at 1,000,000"
    return {"memory_growth": (large / small, note), "memory_above_idle": (large / MEBIBYTE, "at 1,000,000 items")}


def parsing(rounds: int, say: Callable[[str], None]) -> dict[str, tuple[float, str]]:
    """What one more archive adds to ``airflow dags list``."""
    seconds: dict[int, list[float]] = {1: [], 50: []}
    with tempfile.TemporaryDirectory(prefix="ttl-archive-bench-") as folder:
        for number in range(rounds):
            for count, taken in seconds.items():
                taken.append(_dags_list(Path(folder) / f"{number}-{count}", count))
                say(f"parsing {count} archives: {taken[-1]:.1f} s")
    one, fifty = (statistics.median(taken) for taken in seconds.values())
    return {"parse_ms_per_archive": ((fifty - one) / 49 * 1000, f"{one:.1f} s with 1 archive, {fifty:.1f} s with 50")}


def _dags_list(home: Path, count: int) -> float:
    include = home / "include"
    shutil.copytree(REPOSITORY / "include", include)
    shipped = (include / "archives/usage_logs.yaml").read_text(encoding="utf-8")
    for path in (include / "archives").glob("*.yaml"):
        path.unlink()
    for number in range(count):
        (include / f"archives/archive_{number:02d}.yaml").write_text(shipped, encoding="utf-8")
    environment = {**os.environ, "TTL_ARCHIVE_INCLUDE_DIR": str(include), "AIRFLOW_HOME": str(home)}
    command = [str(Path(sys.executable).with_name("airflow")), "dags", "list", "--local"]
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> int:
    """Run everything."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.run", description="Run the benchmarks of the performance targets."
    )
    parser.add_argument("--items", type=int, default=2_000_000, help="items an export (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds (default: %(default)s)")
    arguments = parser.parse_args()
    progress, console = Console(stderr=True), Console()
    say: Callable[[str], Any] = progress.print
    measured = {
        **exports(arguments.items, arguments.rounds, say),
        **memory(arguments.rounds, say),
        **parquet.scanned(SCANNED_ITEMS, say),
        **parsing(arguments.rounds, say),
    }
    results, table = [], Table("name", "value", "target", "ok", "measured")
    for name, (value, note) in measured.items():
        unit, target, reached = TARGETS[name]
        ok = reached(value)
        results.append(
            {"name": name, "value": round(value, 3), "unit": unit, "target": target, "ok": ok, "measured": note}
        )
        table.add_row(name, f"{value:.2f} {unit}", target, "yes" if ok else "NO", note)
    console.print(table)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0 if all(one["ok"] for one in results) else 1


if __name__ == "__main__":
    sys.exit(main())
