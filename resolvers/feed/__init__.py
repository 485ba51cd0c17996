"""The feed: the log, handed on to whoever subscribes (design of the domain, section 6).

One `Feed` a process reads the log behind its end, once a wake-up, whatever the number of subscribers. A subscription
field answers a source (`active`, `activities`, `statistics`): where one stream begins is its `open`, what all streams
of one meaning are told is its `follow`.
"""

from resolvers.feed.log_reader import LogReader

__all__ = ["LogReader"]
