"""Server with `synchronous = NORMAL`: `python -m tests.durability.power_loss.normal_sync_server serve …`.

SQLite then syncs the log at checkpoints only, so that a power loss takes commits before it.
"""

from main import cli
from models.database import engine

if __name__ == "__main__":
    pragmas = tuple(pragma.replace("FULL", "NORMAL") for pragma in engine._WRITER_PRAGMAS)
    assert pragmas != engine._WRITER_PRAGMAS
    engine._WRITER_PRAGMAS = pragmas  # type: ignore[assignment, misc]  # replaced before any engine is created
    cli()
