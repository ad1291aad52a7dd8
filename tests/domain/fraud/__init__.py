"""Tests of the fraud domain: features, contradictions, the rule score and the fold over the log."""
