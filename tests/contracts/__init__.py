"""What a port promises, run by every adapter that answers it."""
