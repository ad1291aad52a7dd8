"""Convergence and replay: whatever way a night comes in, it ends the same; made again, it is the same."""
