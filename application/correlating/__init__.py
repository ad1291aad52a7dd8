"""Correlating: what the correlation remembers, how it learns from facts and how it judges.

Learning is a fold of the facts in their order, alone, so memories can be rebuilt without acting.
Judging compares what belongs together with the incidents that stand and states the difference.
"""
