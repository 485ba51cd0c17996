"""Rules of playback: the metrics of a MEDIA session, computed from the events of its player.

Pure, but for `service`: no database and no server clock. The rules follow docs/domain.md, section 3, MEDIA; where that
is silent:

- **Identity**: the same type, `ts` and parameters are the same event. The bitrate of a BITRATE_CHANGE and the id and
  source of an ERROR are parameters, even in `qoe`. The playhead is not: of two pings with one `ts`, the first counts.
- **Every start counts**: PAUSE_START while paused, BUFFER_START while buffering and STATE_START of an open state each
  count once more (the source counts "every pause start event"), without losing time or counting it twice. A second
  AD_BREAK_START closes the open break and its ad, as a second AD_START closes the open ad.
- **A flagged event** still updates position, time and bitrate; only what it would start or end is ignored. A late one
  is ignored altogether.
- **Bitrates** count wherever an event has one in `qoe`, the start of the session included.
- **A stall** lasts at least a second, and is excluded from average bitrate and content time. The first and the last
  event of a run may be those that start and end the playing.
- **The flag** of an activity is final. An older event that arrives later can still change what the event counts for.
- **Bounds**: events are reordered within 60 s and 2,000 newer events; of more than 500 disjoint watched intervals, the
  two closest are merged.
"""
