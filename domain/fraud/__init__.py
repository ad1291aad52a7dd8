"""Fraud: what one attendance tells of deceit, and how likely it is."""
