"""Simulated visitors that send traffic of all five kinds to a running server (`main.py simulate`)."""
