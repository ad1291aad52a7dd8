"""The doors of Vedette: HTTP, feed, command line, workers, and the wiring behind them."""
