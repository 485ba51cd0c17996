"""The closed vocabularies, each word with its meaning: the one source of enum values and descriptions."""

from enum import StrEnum
from typing import Self


class DescribedEnum(StrEnum):
    """A member is its own name as text (what rows hold and clients see) and carries its meaning."""

    description: str

    def __new__(cls, value: str, description: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member


class Kind(DescribedEnum):
    """What a session is a session of."""

    CLIENT = "CLIENT", "One launch of a client app, until it is closed."
    AGENDA = "AGENDA", "An item of an event's schedule."
    MEDIA = "MEDIA", "One playback of a stream."
    FIELD = "FIELD", "One form filled in by a device."
    USER = "USER", "A person's use of a web UI."


class State(DescribedEnum):
    """Where a session is in its life, as of now."""

    SCHEDULED = "SCHEDULED", "It starts later. Only AGENDA sessions can be scheduled."
    ACTIVE = "ACTIVE", "It is going on, visible or hidden."
    ENDED = "ENDED", "It is over, for one reason."


class EndReason(DescribedEnum):
    """Why a session is over."""

    STOPPED = "STOPPED", "Its client stopped it."
    EXPIRED = "EXPIRED", "Nothing was heard for its timeout, or a USER session had lasted 24 hours."
    STALLED = "STALLED", "The playhead of a MEDIA session did not move for 30 minutes."
    COMPLETED = "COMPLETED", "The scheduled end of an AGENDA session came."
    CANCELLED = "CANCELLED", "An AGENDA session was stopped before it began."
    TERMINATED = "TERMINATED", "An administrator ended it."


class PlayerState(DescribedEnum):
    """What the player of a MEDIA session does."""

    STARTING = "STARTING", "Nothing has been played yet."
    PLAYING = "PLAYING", "The last word from the player was play."
    PAUSED = "PAUSED", "The last word from the player was pause."
    BUFFERING = "BUFFERING", "The player waits for data."


class ActivityType(DescribedEnum):
    """What happened to a session: the words of its timeline."""

    SCHEDULED = "SCHEDULED", "It was created, or moved to, ahead of its start."
    STARTED = "STARTED", "It began."
    SHOWN = "SHOWN", "It became visible."
    HIDDEN = "HIDDEN", "It became hidden."
    MOVED = "MOVED", "Its subject went to another path."
    SAVED = "SAVED", "Data points of a FIELD session were saved."
    UPDATED = "UPDATED", "Its schedule or description was changed."
    STOPPED = "STOPPED", "Its client stopped it."
    EXPIRED = "EXPIRED", "It ended for want of a sign of life."
    STALLED = "STALLED", "It ended because the playhead stood still."
    COMPLETED = "COMPLETED", "Its scheduled end came."
    CANCELLED = "CANCELLED", "It was stopped before it began."
    TERMINATED = "TERMINATED", "An administrator ended it."
    REPLACED = "REPLACED", "A FIELD session with the same uuid took its place; this one is gone."
    DELETED = "DELETED", "An administrator removed it; it is gone."
    PLAY = "PLAY", "The player played."
    PAUSE_START = "PAUSE_START", "The player paused."
    BUFFER_START = "BUFFER_START", "The player began to wait for data."
    BITRATE_CHANGE = "BITRATE_CHANGE", "The bitrate changed."
    ERROR = "ERROR", "The player met an error."
    AD_BREAK_START = "AD_BREAK_START", "A break for ads began."
    AD_BREAK_COMPLETE = "AD_BREAK_COMPLETE", "A break for ads was over."
    AD_START = "AD_START", "An ad began."
    AD_COMPLETE = "AD_COMPLETE", "An ad was seen to its end."
    AD_SKIP = "AD_SKIP", "An ad was skipped."
    CHAPTER_START = "CHAPTER_START", "A chapter began."
    CHAPTER_COMPLETE = "CHAPTER_COMPLETE", "A chapter was seen to its end."
    CHAPTER_SKIP = "CHAPTER_SKIP", "A chapter was skipped."
    STATE_START = "STATE_START", "A named state of the player began."
    STATE_END = "STATE_END", "A named state of the player was over."
    SESSION_COMPLETE = "SESSION_COMPLETE", "The content was seen to its end."


class MediaEventType(DescribedEnum):
    """What a player tells: the documented events. All but PING are activities of the same name."""

    PLAY = "PLAY", "The player plays, for the first time or again. Documented as `play`."
    PING = "PING", "A sign of life: where the player is. Documented as `ping`."
    PAUSE_START = "PAUSE_START", "The player pauses; the next PLAY ends that. Documented as `pauseStart`."
    BUFFER_START = "BUFFER_START", "The player waits for data; the next PLAY ends that. Documented as `bufferStart`."
    BITRATE_CHANGE = "BITRATE_CHANGE", "The bitrate is now that of `qoe`. Documented as `bitrateChange`."
    ERROR = "ERROR", "The player met an error; it is only counted. Documented as `error`."
    AD_BREAK_START = "AD_BREAK_START", "A break begins, in which ads are played. Documented as `adBreakStart`."
    AD_BREAK_COMPLETE = "AD_BREAK_COMPLETE", "The break is over, and any ad in it. Documented as `adBreakComplete`."
    AD_START = "AD_START", "An ad begins, inside a break. Documented as `adStart`."
    AD_COMPLETE = "AD_COMPLETE", "The ad was seen to its end. Documented as `adComplete`."
    AD_SKIP = "AD_SKIP", "The ad was skipped. Documented as `adSkip`."
    CHAPTER_START = "CHAPTER_START", "A chapter begins. Documented as `chapterStart`."
    CHAPTER_COMPLETE = "CHAPTER_COMPLETE", "The chapter was seen to its end. Documented as `chapterComplete`."
    CHAPTER_SKIP = "CHAPTER_SKIP", "The chapter was skipped. Documented as `chapterSkip`."
    STATE_START = "STATE_START", "A named state, such as fullScreen, begins. Documented as `stateStart`."
    STATE_END = "STATE_END", "The named state is over. Documented as `stateEnd`."
    SESSION_COMPLETE = "SESSION_COMPLETE", "The content was seen to its end. Documented as `sessionComplete`."


class EventFlag(DescribedEnum):
    """Why an event of a player was kept and not counted."""

    LATE = "LATE", "It was more than 60 s older than the newest event."
    OUTSIDE_BREAK = "OUTSIDE_BREAK", "An ad can only begin inside a break."
    CLOSES_NOTHING = "CLOSES_NOTHING", "What it says is over was not going on."
    TOO_MANY_STATES = "TOO_MANY_STATES", "A session has times of at most 10 named states."


class SetChange(DescribedEnum):
    """What a change means for the set that a subscriber holds."""

    ADDED = "ADDED", "It has joined the set: hold it."
    UPDATED = "UPDATED", "It is in the set and has changed: hold it as it is now."
    REMOVED = "REMOVED", "It is not in the set: drop it, if it is held."


class Scope(DescribedEnum):
    """What a caller may do."""

    READ = "READ", "List, count and subscribe."
    WRITE = "WRITE", "Start sessions, and act on those whose id the caller knows."
    ADMIN = "ADMIN", "Manage projects; terminate and delete sessions."


class ProblemCode(DescribedEnum):
    """What kind of thing the caller can act on."""

    BAD_USER_INPUT = "BAD_USER_INPUT", "The input breaks a rule; the message says which."
    NOT_FOUND = "NOT_FOUND", "There is no such thing, or it is outside the caller's projects."
    SESSION_ENDED = "SESSION_ENDED", "The session is over and does not come back; start a new one."
    CONFLICT = "CONFLICT", "It contradicts something that is already there."
    FORBIDDEN = "FORBIDDEN", "The caller may not do this."
    TOO_LARGE = "TOO_LARGE", "It is larger than allowed."
    LATE_EVENT = "LATE_EVENT", "The event is too much older than the newest one to be counted."
    RATE_LIMITED = "RATE_LIMITED", "Too many calls; wait and repeat."
