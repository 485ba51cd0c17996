"""Media types of files: detected from the content; the declared type counts only where detection finds nothing."""

from typing import Final, NamedTuple

from puremagic import PureError, magic_stream

from models.uploaded_file import OCTET_STREAM, UploadedFile

MIN_SIGNATURE_BYTES: Final = 3
"""Shorter signatures match by chance: a text may begin with "BM" (bitmap) or "MZ" (executable)."""

MAGIC_REQUIRED: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"})
"""Types whose files always have a signature: a file without it is refused."""

PDF_HEADER_WINDOW: Final = 1024
"""Bytes in which PDF readers look for the header; it need not be at the start."""

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

INERT_TEXT_TYPES: Final = frozenset(
    {"text/plain", "text/csv", "text/tab-separated-values", "text/markdown", "text/vcard"}
)
INERT_CATEGORIES: Final = frozenset({"image", "audio", "video", "font", "application"})


class TypeMismatch(NamedTuple):
    declared: str
    detected: str | None
    """None: no known signature."""


def resolve_content_type(file: UploadedFile) -> str | TypeMismatch:
    """Determine the media type from content and declaration, or the mismatch between them. Blocks: reads the file."""
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
    """Detect the media types that a file can have, most likely first."""
    with file.open() as content:
        if b"%PDF-" in content.read(PDF_HEADER_WINDOW):
            return ["application/pdf"]
        content.seek(0)
        try:
            matches = magic_stream(content, file.filename)
        except (PureError, ValueError):  # unknown signature; empty file
            return []
    # The longest signature wins: RIFF alone matches WAV, RIFF…WEBP does not.
    min_length = max(MIN_SIGNATURE_BYTES, *(len(match.byte_match) / 2 for match in matches))
    types = [canonical(match.mime_type) for match in matches if len(match.byte_match) >= min_length and match.mime_type]
    detected = [type_ for type_ in dict.fromkeys(types) if type_ != OCTET_STREAM]
    # Office documents and many others are ZIP archives, distinguishable by file name only.
    return ["application/zip", *detected] if "application/zip" in detected and matches[0].confidence < 0.9 else detected


def is_compatible(declared: str, detected: list[str]) -> bool:
    """Whether the content can be of the declared type. Video containers can hold audio alone, and vice versa."""
    if declared in detected:
        return True
    if declared.startswith(("audio/", "video/")):
        return any(type_.startswith(("audio/", "video/")) for type_ in detected)
    return declared.endswith("+xml") and "application/xml" in detected


def is_media(type_: str) -> bool:
    return type_.startswith(("image/", "audio/", "video/"))


def is_executable(type_: str) -> bool:
    """Whether a browser could run code in it: HTML, SVG and other XML, scripts, multipart messages."""
    category, _, subtype = type_.partition("/")
    if subtype.endswith("xml") or "script" in subtype:
        return True
    return type_ not in INERT_TEXT_TYPES if category == "text" else category not in INERT_CATEGORIES


def canonical(type_: str) -> str:
    lower = type_.strip().lower()
    return ALIASES.get(lower, lower)
