"""Thousands of lean clients in one process of its own, so that it is the server that is measured.

`wire` writes and splits WebSocket frames, a `watcher` is one client, a `crowd` all of them; a `feeder` makes the
changes that they are told of. `orders` is what the process (`python -m bench.subscribers`) does when it is told to, and
`process` how to tell it.
"""
