"""Applications made of the code blocks of the pages in docs/clients."""

from pathlib import Path
from typing import Final

from tests.clients.node import HERE
from tests.docs.page_runner import DOCUMENTED_ORIGIN, files

_DOCUMENTED_HOST: Final = DOCUMENTED_ORIGIN.partition("//")[2]


def write_application(page: str, folder: Path, origin: str) -> Path:
    """Write the files of a page into a folder, with node_modules beside them.

    Args:
        page: name of a page of docs/clients, without extension.
        folder: where to write; created if missing.
        origin: of the server, in place of the documented one.
    """
    folder.mkdir(exist_ok=True)
    for name, text in files(f"docs/clients/{page}.md").items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace(_DOCUMENTED_HOST, origin.partition("//")[2]), encoding="utf-8")
    (folder / "node_modules").symlink_to(HERE / "node_modules")
    return folder
