"""Importing: records from files of any size, line by line, each with one fate.

Going on after an import was cut off is a convenience, not what keeps the log clean: signals and the
entries of the directory have ids, and one that is taken twice changes nothing.
"""
