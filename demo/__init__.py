"""Believable traffic: plans of sessions, the world that interleaves them, the sender, and the tally.

Plans and world are pure: they know a seed and a clock that is handed to them, and nothing of HTTP.
"""
