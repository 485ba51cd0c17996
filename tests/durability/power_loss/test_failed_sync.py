"""A sync that fails: nothing is acknowledged that is not on the disk, and the server says so and stops."""

import asyncio
import errno
import os
from collections import Counter
from pathlib import Path
from typing import Final

import orjson
import pytest

from bench.load_generator import HOST, parse_response
from models.database import migrate_database
from models.errors import DatabaseUnusable
from tests.durability.power_loss.images import PowerLosses
from tests.durability.power_loss.recording import recorded_calls
from tests.durability.power_loss.system_calls import record_to
from tests.durability.recording_writer import PAYLOAD
from tests.live_server import server_process
from tests.transport.resilience.listeners import post

START: Final = f"""mutation($name: String!) {{
    startSession(input: {{variant: {{user: {{username: $name}}}}}}) {{ {PAYLOAD} }} }}"""
WRITERS: Final = 8


async def write_until_closed(port: int, enough: int) -> str:
    """Start sessions, also when one was refused, until the server closes the connection, or there are enough.

    Returns a letter for each answer: acknowledged or refused.
    """
    reader, writer = await asyncio.open_connection(HOST, port)
    answers = ""
    try:
        for number in range(enough):
            writer.write(post(START, name=f"name {number}"))
            received = b""
            while (response := parse_response(received)) is None:
                received += (chunk := await reader.read(65_536))
                if not chunk:
                    return answers
            result = orjson.loads(response[1])
            codes = {error["extensions"]["code"] for error in result.get("errors", ())}
            assert codes <= {"SERVICE_UNAVAILABLE"}, result
            answers += "r" if codes else "a"
    except ConnectionError:
        pass
    finally:
        writer.close()
    return answers


async def fail_sync(folder: Path, when: str, enough: int) -> tuple[int | None, list[str]]:
    """Let the syncs `when` fail. Returns the exit code, if the server stopped by itself, and the answers."""
    folder.mkdir()  # noqa: ASYNC240 - nothing else runs
    trace = folder.with_suffix(".trace")
    prefix = [*record_to(trace), "-e", f"inject=fdatasync:error=EIO:when={when}"]
    async with server_process(folder / "test.db", prefix=prefix) as process:
        answers = await asyncio.gather(*(write_until_closed(process.port, enough) for _ in range(WRITERS)))
        code = None if all(len(each) == enough for each in answers) else await process.wait()
    losses = PowerLosses(await recorded_calls(trace, folder), folder)
    assert losses.run(f"{folder.name}-images", 12) == {"whole": 12}
    return code, answers


async def test_failed_sync_of_commit_stops_server(tmp_path: Path) -> None:
    code, answers = await fail_sync(tmp_path / "server", when="25", enough=300)
    assert code == 1
    assert all("ra" not in each for each in answers), "nothing is acknowledged after the failure"
    assert any("r" in each for each in answers)
    assert any("a" in each for each in answers)
    log = (tmp_path / "server" / "test.log").read_text()
    assert log.count("cannot be synced: check its disk, then restart (disk I/O error)") == 1


async def test_server_starts_only_if_folder_of_database_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DatabaseUnusable) as refused:
        await migrate_database(tmp_path / "test.db")
    assert str(refused.value) == (
        f"{tmp_path / 'test.db'} cannot be read or written: check its disk (Input/output error)"
    )


@pytest.mark.long
@pytest.mark.parametrize("repeats", ["", "+"], ids=["once", "for ever"])
async def test_failed_sync_is_never_acknowledged(tmp_path: Path, repeats: str) -> None:
    ends: Counter[str] = Counter()
    for number in range(1, 51):
        folder = tmp_path / f"server-{number}"
        try:
            code, answers = await fail_sync(folder, f"{number}{repeats}", enough=60)
        except RuntimeError:
            (line,) = (folder / "test.log").read_text().splitlines()
            assert line.startswith(f"{folder / 'test.db'} cannot be read or written: check its disk")
            ends["refused to start"] += 1
            continue
        assert code in (1, None)
        assert all("ra" not in each for each in answers)
        # The sync of a checkpoint: what it copies is still in the log, and the next checkpoint copies it again.
        assert code == 1 or all("r" not in each for each in answers)
        ends["stopped" if code else "repeated the checkpoint"] += 1
    assert ends["stopped"] > 30, ends
    print(ends)  # noqa: T201 - the figures of the long form
