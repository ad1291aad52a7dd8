"""Finding: an audit's evidence that duty was not done, and the audits that look for it."""
