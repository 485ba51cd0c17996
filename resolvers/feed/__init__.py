"""Log reader: tails the activity log once per process, whatever the number of subscribers, and dispatches batches."""
