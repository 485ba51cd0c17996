"""Attacks on a server in production mode, and what it may reveal."""
