"""The uvicorn server with timeouts, limits and a graceful shutdown. `server` is the entry point."""
