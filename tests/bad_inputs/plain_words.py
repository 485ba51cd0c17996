"""Words that no message for a client has: those of Python and of the libraries."""

import re
from typing import Final

PYTHON_WORDS: Final = re.compile(
    r"\b(None|NoneType|True|False|str|int|dict|dictionary|list\[|tuple|bool|pydantic|validation|validator"
    r"|iterable|instance|Traceback|Undefined|ValueError|TypeError|KeyError|type=|input_value|parsable|inf|nan)\b"
)


def assert_plain(message: str) -> None:
    """Check the words outside of quoted values."""
    words = re.sub(r'"(?:\\.|[^"\\])*"', '""', message)
    assert not PYTHON_WORDS.search(words), message
    assert "object at 0x" not in message
