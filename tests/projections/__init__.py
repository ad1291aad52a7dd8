"""Pure folds: facts in, rows and frames out."""
