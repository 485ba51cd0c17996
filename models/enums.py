"""Enums, whose values are stored and shown to clients; their docstrings and descriptions document the API."""

from enum import StrEnum
from typing import Self


class DescribedEnum(StrEnum):
    description: str

    def __new__(cls, value: str, description: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member


class Kind(DescribedEnum):
    """The kind of a session."""

    CLIENT = "CLIENT", "One launch of a client app, until it is closed."
    AGENDA = "AGENDA", "An item of an event's schedule."
    MEDIA = "MEDIA", "One playback of a stream."
    FIELD = "FIELD", "One form filled in on a device."
    USER = "USER", "A person's use of a web UI."


class State(DescribedEnum):
    """The state of a session as of now."""

    SCHEDULED = "SCHEDULED", "It starts later. Only AGENDA sessions can be scheduled."
    ACTIVE = "ACTIVE", "It has started and not ended; it may be visible or hidden."
    ENDED = "ENDED", "It has ended."


class EndReason(DescribedEnum):
    """The reason for the end of a session."""

    STOPPED = "STOPPED", "Its client stopped it."
    EXPIRED = "EXPIRED", "No call arrived within its timeout (not FIELD), or a USER session reached 24 hours."
    STALLED = "STALLED", "The playhead of a MEDIA session did not move for 30 minutes."
    COMPLETED = (
        "COMPLETED",
        "An AGENDA session reached its scheduled end, or a FIELD session its timeout.",
    )
    CANCELLED = "CANCELLED", "An AGENDA session was stopped before its start."
    TERMINATED = "TERMINATED", "An administrator ended it."


class PlayerState(DescribedEnum):
    """The state of the player of a MEDIA session."""

    STARTING = "STARTING", "Nothing has been played yet."
    PLAYING = "PLAYING", "The player plays."
    PAUSED = "PAUSED", "The player is paused."
    BUFFERING = "BUFFERING", "The player waits for data."


class ActivityType(DescribedEnum):
    """The type of an entry in the timeline of a session."""

    SCHEDULED = "SCHEDULED", "It was created, or rescheduled, with a later start."
    STARTED = "STARTED", "It started."
    SHOWN = "SHOWN", "It became visible."
    HIDDEN = "HIDDEN", "It became hidden."
    MOVED = "MOVED", "Its path changed."
    SAVED = "SAVED", "Data points of a FIELD session were saved."
    UPDATED = "UPDATED", "Fields of an AGENDA session were changed."
    STOPPED = "STOPPED", "Its client stopped it."
    EXPIRED = "EXPIRED", "No call arrived within its timeout, or a USER session reached 24 hours."
    STALLED = "STALLED", "It ended because the playhead did not move."
    COMPLETED = "COMPLETED", "An AGENDA session reached its scheduled end, or a FIELD session its timeout."
    CANCELLED = "CANCELLED", "It was stopped before its start."
    TERMINATED = "TERMINATED", "An administrator ended it."
    REPLACED = "REPLACED", "A FIELD session with the same uuid replaced and deleted it."
    DELETED = "DELETED", "An administrator, or the retention period, deleted it."
    PLAY = "PLAY", "The player started or resumed playing."
    PAUSE_START = "PAUSE_START", "The player paused."
    BUFFER_START = "BUFFER_START", "The player started to wait for data."
    BITRATE_CHANGE = "BITRATE_CHANGE", "The bitrate changed."
    ERROR = "ERROR", "The player had an error."
    AD_BREAK_START = "AD_BREAK_START", "An ad break started."
    AD_BREAK_COMPLETE = "AD_BREAK_COMPLETE", "An ad break ended."
    AD_START = "AD_START", "An ad started."
    AD_COMPLETE = "AD_COMPLETE", "An ad was played to its end."
    AD_SKIP = "AD_SKIP", "An ad was skipped."
    CHAPTER_START = "CHAPTER_START", "A chapter started."
    CHAPTER_COMPLETE = "CHAPTER_COMPLETE", "A chapter was played to its end."
    CHAPTER_SKIP = "CHAPTER_SKIP", "A chapter was skipped."
    STATE_START = "STATE_START", "A named state of the player started."
    STATE_END = "STATE_END", "A named state of the player ended."
    SESSION_COMPLETE = "SESSION_COMPLETE", "The content was played to its end."


class MediaEventType(DescribedEnum):
    """The documented events of a player. All but PING are activities of the same name."""

    PLAY = "PLAY", "The player starts or resumes playing. Documented as `play`."
    PING = "PING", "A heartbeat with the playhead. Documented as `ping`."
    PAUSE_START = "PAUSE_START", "The player pauses, until the next PLAY. Documented as `pauseStart`."
    BUFFER_START = "BUFFER_START", "The player waits for data, until the next PLAY. Documented as `bufferStart`."
    BITRATE_CHANGE = "BITRATE_CHANGE", "The bitrate changes to that in `qoe`. Documented as `bitrateChange`."
    ERROR = "ERROR", "The player has an error; it is only counted. Documented as `error`."
    AD_BREAK_START = "AD_BREAK_START", "A break for ads starts. Documented as `adBreakStart`."
    AD_BREAK_COMPLETE = "AD_BREAK_COMPLETE", "The break ends, and an ad in it. Documented as `adBreakComplete`."
    AD_START = "AD_START", "An ad starts, inside a break. Documented as `adStart`."
    AD_COMPLETE = "AD_COMPLETE", "The ad was played to its end. Documented as `adComplete`."
    AD_SKIP = "AD_SKIP", "The ad was skipped. Documented as `adSkip`."
    CHAPTER_START = "CHAPTER_START", "A chapter starts. Documented as `chapterStart`."
    CHAPTER_COMPLETE = "CHAPTER_COMPLETE", "The chapter was played to its end. Documented as `chapterComplete`."
    CHAPTER_SKIP = "CHAPTER_SKIP", "The chapter was skipped. Documented as `chapterSkip`."
    STATE_START = "STATE_START", "A named state, such as fullScreen, starts. Documented as `stateStart`."
    STATE_END = "STATE_END", "The named state ends. Documented as `stateEnd`."
    SESSION_COMPLETE = "SESSION_COMPLETE", "The content was played to its end. Documented as `sessionComplete`."


class EventFlag(DescribedEnum):
    """The reason why a media event was stored, but not counted."""

    LATE = "LATE", "It was more than 60 s older than the newest event."
    OUTSIDE_BREAK = "OUTSIDE_BREAK", "An ad can only start inside a break."
    CLOSES_NOTHING = "CLOSES_NOTHING", "It ends something that had not started."
    TOO_MANY_STATES = "TOO_MANY_STATES", "A session has times of at most 10 named states."


class SetChange(DescribedEnum):
    """The effect of a change on the subscriber's set of sessions."""

    ADDED = "ADDED", "It has entered the set: store it."
    UPDATED = "UPDATED", "It is in the set and has changed: store its new values."
    REMOVED = "REMOVED", "It is not in the set: drop it, if it is stored."


class Scope(DescribedEnum):
    """The permission of a caller."""

    READ = "READ", "List, count and subscribe."
    WRITE = "WRITE", "Start sessions, and act on those whose id the caller knows."
    ADMIN = "ADMIN", "Manage projects and tokens; terminate and delete sessions; read the audit log."


class AuditAction(DescribedEnum):
    """What an administrator did."""

    TOKEN_CREATED = (
        "TOKEN_CREATED",
        "A token was created: `name`, `scopes`, `projectIds`, `kinds`, `origins`, `expiresAt`.",
    )
    TOKEN_REVOKED = "TOKEN_REVOKED", "A token was revoked: `name`."
    PROJECT_CREATED = "PROJECT_CREATED", "A project was created: the fields that were set."
    PROJECT_UPDATED = "PROJECT_UPDATED", "A project was updated: the fields that were set."
    PROJECT_DELETED = "PROJECT_DELETED", "A project without sessions was deleted: `name`."
    SESSION_TERMINATED = "SESSION_TERMINATED", "A session was ended: `kind`, `reason`."
    SESSIONS_TERMINATED = (
        "SESSIONS_TERMINATED",
        "Sessions of one project were ended by `terminateSessions`: `count`, `reason`.",
    )
    SESSION_DELETED = "SESSION_DELETED", "A session was deleted: `kind`. Retention leaves no entries."


class ProblemCode(DescribedEnum):
    """The code of a problem, for which clients may have a reaction."""

    BAD_USER_INPUT = "BAD_USER_INPUT", "The input is invalid; see the message."
    NOT_FOUND = "NOT_FOUND", "It does not exist, or is outside the caller's projects."
    SESSION_ENDED = "SESSION_ENDED", "The session has ended for good; start a new one."
    CONFLICT = "CONFLICT", "It contradicts existing data."
    FORBIDDEN = "FORBIDDEN", "The caller lacks a permission."
    TOO_LARGE = "TOO_LARGE", "It is larger than allowed."
    LATE_EVENT = "LATE_EVENT", "The event is too old, compared with the newest one, to be counted."
    RATE_LIMITED = "RATE_LIMITED", "Too many calls; wait and repeat."
