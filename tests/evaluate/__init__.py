"""The simulated month: what Vedette finds of what the field simulator knows, and what it costs people."""
