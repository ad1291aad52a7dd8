"""Numbered SQL, forward only; each file's head says why it exists and how to undo it."""
