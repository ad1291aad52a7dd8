"""The command line: one module for each command of `vedette`, imported only when it is used."""
