"""The rules of playback: what the figures of a MEDIA session are, given the events of its player.

Pure: nothing here knows of a database or of the server's clock. An `Event` is what the rules need of a report, a
`State` is what they remember, `step` lets one event happen, `figures` reads the sums, and a `Playback` keeps events
that arrive late or twice in order.

The text they follow is section 3, MEDIA, of the design of the domain. Where it is silent:

- **The same event** is the same type, `ts` and parameters. The bitrate of a BITRATE_CHANGE and the id and source of an
  ERROR are parameters, though they may stand in `qoe`. The playhead is none: a player is at one place at one moment, so
  of two pings of one `ts` the first one holds.
- **Every start counts**: PAUSE_START while paused, BUFFER_START while buffering and STATE_START of an open state
  each count once more (the source counts "every pause start event"); no time is lost or counted twice by that.
  A second AD_BREAK_START closes the open break, and the ad in it, as a second AD_START closes the open ad.
- **A flagged event** still says where the player was, when, and how well it played; only what it would begin or end is
  left out. A late one says nothing.
- **Bitrates** count wherever an event has one (`qoe`), the start of the session included.
- **A stall** lasts a second at least. Players send several events in one moment (play, chapter, full screen), and a
  playhead in whole seconds stands still for one: three events do not make that a stall. It leaves the average
  bitrate with the content time. The first and the last event of a run may be the ones that begin and end the playing.
- **The flag** of an event says what it meant when it arrived. An older event that arrives later can change what it
  means for the figures, and does; what is on the timeline stays.
- **Bounds**: events are put back into order by 60 s, or behind 2,000 newer ones, whichever is less; of more than 500
  separate stretches of content the two that are closest become one.
"""

from resolvers.media.event import Event, EventKey
from resolvers.media.metrics import PlaybackMetrics, compute_metrics
from resolvers.media.reorder_buffer import Arrival, ReorderBuffer
from resolvers.media.state import PlaybackState

__all__ = ["Arrival", "Event", "EventKey", "PlaybackMetrics", "PlaybackState", "ReorderBuffer", "compute_metrics"]
