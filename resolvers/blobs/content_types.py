"""What a file is: by its content where that can tell, by the client's word only where it cannot and does no harm."""

from typing import Final, NamedTuple

from puremagic import PureError, magic_stream

from models.uploaded_file import OCTET_STREAM, UploadedFile

MIN_SIGNATURE_BYTES: Final = 3
"""Bytes of a signature that tell something: two are there by chance, or because a text begins with "BM" or "MZ"."""

MAGIC_REQUIRED: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"})
"""Types whose files always have their signature: what has none is none."""

PDF_HEADER_WINDOW: Final = 1024
"""Within which readers look for the beginning of a PDF."""

ALIASES: Final = {
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

INERT_TEXT_TYPES: Final = frozenset(
    {"text/plain", "text/csv", "text/tab-separated-values", "text/markdown", "text/vcard"}
)
"""Texts in which a browser runs nothing."""
INERT_CATEGORIES: Final = frozenset({"image", "audio", "video", "font", "application"})


class TypeMismatch(NamedTuple):
    """The client's word and the content: null where that tells nothing."""

    declared: str
    detected: str | None


def resolve_content_type(file: UploadedFile) -> str | TypeMismatch:
    """The media type of a file, or a contradiction where it can't be what the client says. It reads the file."""
    declared = canonical(file.content_type)
    detected = sniff(file)
    if declared == OCTET_STREAM:
        return detected[0] if detected else OCTET_STREAM
    if is_compatible(declared, detected):
        return declared
    if declared in MAGIC_REQUIRED or (detected and (detected[0] in MAGIC_REQUIRED or is_media(declared))):
        return TypeMismatch(declared, detected[0] if detected else None)
    if detected:
        return detected[0]
    return OCTET_STREAM if is_executable(declared) else declared


def sniff(file: UploadedFile) -> list[str]:
    """What a file may be by its content, the likeliest first; empty where that does not tell."""
    with file.open() as content:
        if b"%PDF-" in content.read(PDF_HEADER_WINDOW):
            return ["application/pdf"]
        content.seek(0)
        try:
            matches = magic_stream(content, file.filename)
        except (PureError, ValueError):  # it knows no such thing; there is nothing in it
            return []
    # A long signature leaves nothing of what a part of it alone could be: RIFF is a sound, RIFF…WEBP is none.
    min_length = max(MIN_SIGNATURE_BYTES, *(len(match.byte_match) / 2 for match in matches))
    types = [canonical(match.mime_type) for match in matches if len(match.byte_match) >= min_length and match.mime_type]
    detected = [type_ for type_ in dict.fromkeys(types) if type_ != OCTET_STREAM]
    # Many things are archives: which one, only a name can tell.
    return ["application/zip", *detected] if "application/zip" in detected and matches[0].confidence < 0.9 else detected


def is_compatible(declared: str, detected: list[str]) -> bool:
    """Whether a content may be what the client says; what holds pictures also holds sound alone, and the reverse."""
    if declared in detected:
        return True
    if declared.startswith(("audio/", "video/")):
        return any(type_.startswith(("audio/", "video/")) for type_ in detected)
    return declared.endswith("+xml") and "application/xml" in detected


def is_media(type_: str) -> bool:
    """Whether it is a picture, a sound or a film."""
    return type_.startswith(("image/", "audio/", "video/"))


def is_executable(type_: str) -> bool:
    """Whether a browser could run what is in it: HTML, SVG and other XML, scripts, messages of several parts."""
    category, _, subtype = type_.partition("/")
    if subtype.endswith("xml") or "script" in subtype:
        return True
    return type_ not in INERT_TEXT_TYPES if category == "text" else category not in INERT_CATEGORIES


def canonical(type_: str) -> str:
    """A media type under its usual name."""
    lower = type_.strip().lower()
    return ALIASES.get(lower, lower)
