"""Lifecycle of sessions: every change of one."""
