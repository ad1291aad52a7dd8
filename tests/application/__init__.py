"""The use cases and policies: facts in, wishes out."""
