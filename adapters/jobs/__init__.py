"""Jobs on Dramatiq: dispatched from the log, sent until answered, answered by facts."""
