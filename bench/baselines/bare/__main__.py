"""`python -m bench.baselines.bare PORT DATABASE`."""

import sys

import uvicorn

from bench.baselines.bare.app import create_app

if __name__ == "__main__":
    uvicorn.run(
        create_app(sys.argv[2]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=False,
        loop="uvloop",
        http="httptools",
    )
