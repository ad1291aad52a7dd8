"""A leash: the supervisor's children run through here and end when the supervisor does.

`python -m interfaces.leash serve …` is `vedette serve …` whose standard input is a pipe that the
supervisor holds. The pipe closes when the supervisor is gone, by whatever signal; then the child
ends itself, cleanly if it can.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

PATIENCE_S = 15.0  # for a clean end; after it the process is killed


def fasten() -> None:
    """End this process when its standard input ends."""
    threading.Thread(target=end_with_input, name="leash", daemon=True).start()


def end_with_input() -> None:
    while os.read(sys.stdin.fileno(), 512):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_S)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    from interfaces.cli.main import main

    fasten()
    main()
