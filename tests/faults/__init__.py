"""Faults: what is killed, cut off or tampered with, and the proof that nothing was lost."""
