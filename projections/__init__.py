"""Pure folds from facts to the rows people look at, and the public event contract."""
