"""Jobs: asked for and answered by facts, carried by a Redis that may lose everything."""
