"""System calls of a server that change files or answer clients, recorded by strace."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from tests.durability.strace import strace

CALLS: Final = (
    "openat,mkdir,rename,unlink,write,writev,sendto,sendmsg,pwrite64,ftruncate,fsync,fdatasync,"
    "?creat,?pwritev,?pwritev2,?renameat,?renameat2,?unlinkat,?mkdirat,?fallocate,?sendfile,?copy_file_range"
)
"""All that change files: one that the model does not know fails the test."""

_LINE: Final = re.compile(r"(\d+) +(.*)")
_CALL: Final = re.compile(r"(\w+)\((.*)\) += (-?\d+)")
_DESCRIPTOR: Final = re.compile(r"\d+<([^>]*)>")
_TEXT: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def record_to(output: Path) -> list[str]:
    """Return the command that precedes the one to record."""
    return strace("-y", "-xx", "-s", str(2**24), "-e", f"trace={CALLS}", "-o", str(output))


@dataclass(frozen=True, slots=True)
class Create:
    path: str


@dataclass(frozen=True, slots=True)
class MakeFolder:
    path: str


@dataclass(frozen=True, slots=True)
class Rename:
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Unlink:
    path: str


@dataclass(frozen=True, slots=True)
class Write:
    path: str
    offset: int | None
    """None: after the write before."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    path: str


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes sent to a client."""

    data: bytes


SystemCall: TypeAlias = Create | MakeFolder | Rename | Unlink | Write | Truncate | Sync | Send


def read_trace(trace: Path, folder: Path) -> Iterator[SystemCall]:
    """Parse the successful calls, in the order in which they returned: those on files in `folder`, and answers."""
    unfinished: dict[str, str] = {}
    with trace.open() as lines:
        for line in lines:
            process, call = _LINE.fullmatch(line.rstrip("\n")).groups()  # type: ignore[union-attr]  # every line has both
            if call.endswith(" <unfinished ...>"):
                unfinished[process] = call.removesuffix(" <unfinished ...>")
                continue
            if call.startswith("<... "):
                call = unfinished.pop(process) + call.partition(" resumed>")[2]
            if (parts := _CALL.match(call)) and int(parts[3]) >= 0:
                yield from _parse(parts[1], parts[2], int(parts[3]), str(folder))


def _parse(name: str, arguments: str, result: int, folder: str) -> Iterator[SystemCall]:
    descriptor = _DESCRIPTOR.match(arguments)
    target = _decode(descriptor[1]).decode() if descriptor else ""
    rest = arguments[descriptor.end() :] if descriptor else arguments
    texts = [_decode(text) for text in _TEXT.findall(rest)]
    if name in ("write", "writev", "sendto", "sendmsg") and target.startswith("socket:"):
        yield Send(b"".join(texts)[:result])
        return
    paths = [target] if descriptor else [text.decode() for text in texts]
    if name == "openat":
        if texts[0].startswith(folder.encode()) and "O_CREAT" in arguments:
            yield Create(texts[0].decode())
    elif any(path.startswith(folder) for path in paths):
        yield _on_file(name, paths, texts, rest, result)


def _on_file(name: str, paths: list[str], texts: list[bytes], rest: str, result: int) -> SystemCall:
    parse: dict[str, Callable[[], SystemCall]] = {
        "mkdir": lambda: MakeFolder(paths[0]),
        "rename": lambda: Rename(*paths),
        "unlink": lambda: Unlink(paths[0]),
        "write": lambda: Write(paths[0], None, texts[0][:result]),
        "pwrite64": lambda: Write(paths[0], int(rest.rpartition(", ")[2]), texts[0][:result]),
        "ftruncate": lambda: Truncate(paths[0], int(rest.removeprefix(", "))),
        "fsync": lambda: Sync(paths[0]),
        "fdatasync": lambda: Sync(paths[0]),
    }
    return parse[name]()  # a call that the model does not know fails the test


def _decode(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()
