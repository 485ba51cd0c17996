"""The start scenario: from the start of a process to its first answer, and the time to import the application."""

import asyncio
import sys
from collections.abc import Sequence
from time import perf_counter
from typing import Final

from bench.harness import Harness, interleaved
from bench.load_generator import encode_request, run_closed_loop
from bench.peers import START_SPECS
from bench.scenarios.base import Column, Row, Sample
from bench.scenarios.requests import TYPENAME, is_typename
from bench.servers import ServerFailed, ServerSpec, environment, on_cores

COLUMNS: Final = (Column("s", ".2f"), Column("CPU s", ".2f"))
ANSWER_TIMEOUT: Final = 10.0
IMPORTS: Final = {"Session Graph": "import main", "plain strawberry": "import bench.baselines.strawberry.app"}


async def measure_start(harness: Harness) -> Sequence[Row]:
    """Measure the start with a new database, the start with one that exists, and the import."""
    specs = harness.available(START_SPECS)
    results = await interleaved(specs, harness.config.runs, lambda spec: _starts(harness, spec))
    rows = []
    for number, case in enumerate(("first answer, new database", "first answer, same database")):
        rows += [Row(spec.name, case, [sample[number] for sample in samples]) for spec, samples in results]
    for name, statement in IMPORTS.items():
        samples = [await _import_seconds(harness, statement) for _ in range(harness.config.runs)]
        rows.append(Row(name, "import", samples))
    return rows


async def _starts(harness: Harness, spec: ServerSpec) -> tuple[Sample, Sample]:
    started = perf_counter()
    async with harness.new_server(spec) as server:
        new = await _first_answer(server.port, started), server.cpu_seconds
        await server.stop()
        started = perf_counter()
        await server.start()
        return new, (await _first_answer(server.port, started), server.cpu_seconds)


async def _first_answer(port: int, started: float) -> float:
    await run_closed_loop(port, [[encode_request(port, TYPENAME)]], is_typename, ANSWER_TIMEOUT)
    return perf_counter() - started


async def _import_seconds(harness: Harness, statement: str) -> Sample:
    code = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t, time.process_time())"
    with on_cores(harness.server_cores):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", code), cwd=harness.config.tree, env=environment(), stdout=asyncio.subprocess.PIPE
        )
    output, _ = await process.communicate()
    if process.returncode:
        raise ServerFailed(f"{statement} failed")
    seconds, cpu = map(float, output.split())
    return seconds, cpu
