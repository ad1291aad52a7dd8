"""The rules of Vedette: facts, wishes, decisions and maths, with no clock, no I/O and no chance."""
