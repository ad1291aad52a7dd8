"""Subscriptions of the `eventsourcing` library, woken as our followers are: by NOTIFY and by poll."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Thread

import psycopg
from eventsourcing.persistence import ApplicationRecorder, ListenNotifySubscription

from adapters.log.waking import CHANNEL
from adapters.postgres.database import connect

POLL_S = 0.25  # a lost wake-up costs this


class TenantSubscription(ListenNotifySubscription[ApplicationRecorder]):
    """Pulls when the log has grown. The library's thread pulls, ours listens."""

    def __init__(
        self,
        recorder: ApplicationRecorder,
        url: str,
        *,
        gt: int | None = None,
        topics: Sequence[str] = (),
    ) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._url = url
        self._listening = Thread(target=self._listen, name="subscription")
        self._listening.start()

    def __exit__(self, *args: object, **kwargs: object) -> None:
        try:
            super().__exit__(*args, **kwargs)
        finally:
            self._listening.join()

    def _listen(self) -> None:
        try:
            with connect(self._url, "vedette-subscription") as connection:
                connection.execute(f"LISTEN {CHANNEL}")
                while not self._has_been_stopped:
                    # Also without a word: whatever was said before we listened is lost.
                    self._has_been_notified.set()
                    for _ in connection.notifies(timeout=POLL_S, stop_after=1):
                        pass
        except psycopg.Error as error:
            self._thread_error = self._thread_error or error
            self.stop()
