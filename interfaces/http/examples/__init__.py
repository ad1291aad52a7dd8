"""Examples: what the documentation shows of every door, from one night at two sites in Munich.

The night is a small log of real facts (`day.py`, `night.py`). What a list, a page or an explanation
answers is folded and walked from it by the very code of the doors (`answers.py`), so that no example
can show what the doors would not say.
"""
