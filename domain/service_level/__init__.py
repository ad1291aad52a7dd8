"""Service levels: how soon tickets are to be taken on and done, and the clock of each ticket."""
