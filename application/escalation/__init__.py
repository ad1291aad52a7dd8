"""Escalation: what the policies share that call people: who is in charge, what mutes, one ticket a trouble.

What each policy remembers is a function of the facts that it reads, its own among them: a decision
moves the memory on at once, and reading its facts back leaves it as it is. Nothing is ever taken
out of a memory because of a decision that a replay would not make again.
"""
