"""Subscriptions: what a client subscribes to, on top of the log reader."""
