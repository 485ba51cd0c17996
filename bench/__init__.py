"""Load on a running server: the simulation (the demo), and the figures beside a plain peer (`python -m bench`)."""
