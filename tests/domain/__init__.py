"""What the rules are, one sentence a test."""
