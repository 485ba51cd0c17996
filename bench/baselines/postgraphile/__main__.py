"""`python -m bench.baselines.postgraphile NODE PORT FOLDER`: PostgreSQL and PostGraphile until SIGTERM."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from bench.baselines.postgraphile.postgres import running_postgres

SERVER = Path(__file__).parent / "server.mjs"


def main(node: str, port: str, folder: str) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with running_postgres(Path(folder)) as connection_string:
        environment = {**os.environ, "GRAPHILE_ENV": "production"}
        process = subprocess.Popen([node, str(SERVER), port, connection_string], env=environment)
        try:
            process.wait()
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
