"""What Vedette promises, checked against the real parts."""
