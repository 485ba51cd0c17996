"""Server that waits for locks a tenth of the usual time: `python -m tests.durability.impatient_server serve …`."""

from main import cli
from models.database import engine

if __name__ == "__main__":
    setattr(engine, "BUSY_TIMEOUT_MS", engine.BUSY_TIMEOUT_MS // 10)  # noqa: B010 - mypy forbids plain assignment
    cli()
