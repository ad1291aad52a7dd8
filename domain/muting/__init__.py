"""Muting: silences, maintenance windows and inhibition. They mute actions, never evaluation."""
