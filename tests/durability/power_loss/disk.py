"""Model of a disk that loses, reorders and tears what was not synced when the power fails."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from random import Random
from typing import Final, NamedTuple

from tests.durability.power_loss.system_calls import (
    Create,
    MakeFolder,
    Rename,
    Send,
    Sync,
    SystemCall,
    Truncate,
    Unlink,
    Write,
)

SECTOR: Final = 512
"""Bytes that are written whole or not at all."""


class _Range(NamedTuple):
    offset: int
    data: bytes

    def sectors(self) -> Iterator["_Range"]:
        start = 0
        while start < len(self.data):
            stop = start + SECTOR - (self.offset + start) % SECTOR
            yield _Range(self.offset + start, self.data[start:stop])
            start = stop

    def apply(self, content: bytearray) -> None:
        content.extend(bytes(max(0, self.offset - len(content))))
        content[self.offset : self.offset + len(self.data)] = self.data


class _Size(NamedTuple):
    size: int

    def apply(self, content: bytearray) -> None:
        del content[self.size :]
        content.extend(bytes(self.size - len(content)))


@dataclass(eq=False, slots=True)
class _File:
    synced: bytearray = field(default_factory=bytearray)
    pending: list[_Range | _Size] = field(default_factory=list)
    end: int = 0
    """Offset of the next write without one."""

    def sync(self) -> None:
        for change in self.pending:
            change.apply(self.synced)
        self.pending.clear()

    def after_power_loss(self, random: Random, survival: float) -> bytes:
        content = bytearray(self.synced)
        for change in self.pending:
            if random.random() >= survival:
                continue
            if isinstance(change, _Range) and random.random() < 0.5:
                for sector in change.sectors():
                    if random.random() < 0.5:
                        sector.apply(content)
            else:
                change.apply(content)
        return bytes(content)


class _Entries(NamedTuple):
    """Change of the entries of folders, atomic."""

    removed: str | None
    added: str | None
    file: _File | None
    """None: a folder."""

    def is_in(self, folder: str) -> bool:
        return any(path is not None and str(PurePath(path).parent) == folder for path in (self.removed, self.added))

    def apply(self, entries: dict[str, _File | None]) -> None:
        if self.removed is not None:
            entries.pop(self.removed, None)
        if self.added is not None:
            entries[self.added] = self.file


class Disk:
    """Files below one folder. A sync is effective when it returns; `is_ignored` selects those that have no effect."""

    def __init__(self, folder: Path, is_ignored: Callable[[str], bool] = lambda _path: False) -> None:
        self._folder = str(folder)
        self._is_ignored = is_ignored
        self._entries: dict[str, _File | None] = {}
        self._synced: dict[str, _File | None] = {}
        self._pending: list[_Entries] = []

    def apply(self, call: SystemCall) -> None:
        match call:
            case Create(path) if path not in self._entries:
                self._change(None, path, _File())
            case MakeFolder(path):
                self._change(None, path, None)
            case Rename(old, new):
                self._change(old, new, self._entries[old])
            case Unlink(path):
                self._change(path, None, None)
            case Write(path, offset, data) if file := self._entries.get(path):
                start = file.end if offset is None else offset
                file.pending.append(_Range(start, data))
                file.end = start + len(data)
            case Truncate(path, size) if file := self._entries.get(path):
                file.pending.append(_Size(size))
            case Sync(path) if not self._is_ignored(path):
                self._sync(path)
            case Send() | Create() | Write() | Truncate() | Sync():
                pass

    def _change(self, removed: str | None, added: str | None, file: _File | None) -> None:
        change = _Entries(removed, added, file)
        change.apply(self._entries)
        self._pending.append(change)

    def _sync(self, path: str) -> None:
        if file := self._entries.get(path):
            return file.sync()
        for change in self._pending:
            if change.is_in(path):
                change.apply(self._synced)
        self._pending = [change for change in self._pending if not change.is_in(path)]
        return None

    def lose_power(self, random: Random, target: Path) -> None:
        """Write into a new folder what the disk may hold after a power loss now."""
        survival = random.choice([0.0, 1.0, random.random()])
        entries = dict(self._synced)
        for change in self._pending:
            if random.random() < survival:
                change.apply(entries)
        target.mkdir()
        for path, file in sorted(entries.items()):
            copy = target / PurePath(path).relative_to(self._folder)
            if not copy.parent.is_dir():
                continue  # an entry in a folder that was lost
            if file is None:
                copy.mkdir(exist_ok=True)
            else:
                copy.write_bytes(file.after_power_loss(random, survival))
