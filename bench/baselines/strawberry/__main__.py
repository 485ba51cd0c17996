"""`python -m bench.baselines.strawberry PORT DATABASE`."""

import sys

import uvicorn

from bench.baselines.strawberry.app import create_app

if __name__ == "__main__":
    uvicorn.run(create_app(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), access_log=False)
