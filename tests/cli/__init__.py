"""The command line, through its real entry point, against the real database."""
