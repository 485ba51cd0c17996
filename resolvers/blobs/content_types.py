"""What a file is: by its content where that can tell, by the client's word only where it cannot and does no harm."""

from typing import Final, NamedTuple

from puremagic import PureError, magic_stream

from models.uploaded_file import UNKNOWN_TYPE, IncomingFile

SHORTEST: Final = 3
"""Bytes of a signature that tell something: two are there by chance, or because a text begins with "BM" or "MZ"."""

SIGNED: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"})
"""Types whose files always have their signature: what has none is none."""

PDF_BYTES: Final = 1024
"""Within which readers look for the beginning of a PDF."""

USUAL: Final = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/x-ms-bmp": "image/bmp",
    "image/heif": "image/heic",
    "application/x-pdf": "application/pdf",
    "application/x-gzip": "application/gzip",
    "application/x-zip-compressed": "application/zip",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-flac": "audio/flac",
    "audio/x-m4a": "audio/mp4",
    "text/ascii": "text/plain",
    "text/xml": "application/xml",
}
"""One name for what has several."""

PASSIVE_TEXTS: Final = frozenset({"text/plain", "text/csv", "text/tab-separated-values", "text/markdown", "text/vcard"})
"""Texts in which a browser runs nothing."""
PASSIVE_KINDS: Final = frozenset({"image", "audio", "video", "font", "application"})


class Contradiction(NamedTuple):
    """The client's word and the content: null where that tells nothing."""

    said: str
    found: str | None


def content_type_of(file: IncomingFile) -> str | Contradiction:
    """The media type of a file, or a contradiction where it can't be what the client says. It reads the file."""
    said = usual(file.content_type)
    found = signs_of(file)
    if said == UNKNOWN_TYPE:
        return found[0] if found else UNKNOWN_TYPE
    if agrees(said, found):
        return said
    if said in SIGNED or (found and (found[0] in SIGNED or is_seen_or_heard(said))):
        return Contradiction(said, found[0] if found else None)
    if found:
        return found[0]
    return UNKNOWN_TYPE if is_active(said) else said


def signs_of(file: IncomingFile) -> list[str]:
    """What a file may be by its content, the likeliest first; empty where that does not tell."""
    with file.open() as content:
        if b"%PDF-" in content.read(PDF_BYTES):
            return ["application/pdf"]
        content.seek(0)
        try:
            matches = magic_stream(content, file.filename)
        except (PureError, ValueError):  # it knows no such thing; there is nothing in it
            return []
    # A long signature leaves nothing of what a part of it alone could be: RIFF is a sound, RIFF…WEBP is none.
    shortest = max(SHORTEST, *(len(match.byte_match) / 2 for match in matches))
    types = [usual(match.mime_type) for match in matches if len(match.byte_match) >= shortest and match.mime_type]
    known = [type_ for type_ in dict.fromkeys(types) if type_ != UNKNOWN_TYPE]
    # Many things are archives: which one, only a name can tell.
    return ["application/zip", *known] if "application/zip" in known and matches[0].confidence < 0.9 else known


def agrees(said: str, found: list[str]) -> bool:
    """Whether a content may be what the client says; what holds pictures also holds sound alone, and the reverse."""
    if said in found:
        return True
    if said.startswith(("audio/", "video/")):
        return any(type_.startswith(("audio/", "video/")) for type_ in found)
    return said.endswith("+xml") and "application/xml" in found


def is_seen_or_heard(type_: str) -> bool:
    """Whether it is a picture, a sound or a film."""
    return type_.startswith(("image/", "audio/", "video/"))


def is_active(type_: str) -> bool:
    """Whether a browser could run what is in it: HTML, SVG and other XML, scripts, messages of several parts."""
    kind, _, name = type_.partition("/")
    if name.endswith("xml") or "script" in name:
        return True
    return type_ not in PASSIVE_TEXTS if kind == "text" else kind not in PASSIVE_KINDS


def usual(type_: str) -> str:
    """A media type under its usual name."""
    lower = type_.strip().lower()
    return USUAL.get(lower, lower)
