"""What an operator does at the page, and what happens in the field meanwhile, in their words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.live import LiveServer

expect.set_options(timeout=15_000)  # milliseconds

SITES = {"S-01": ("North Gate", "Europe/London"), "S-02": ("Harbour", "Asia/Singapore")}
numbers = count(1)


class Field:
    """Guards who check in, some where they are not."""

    def __init__(self, client: httpx.Client, head: Callable[[], int]) -> None:
        self.client = client
        self.head = head  # where the log stands

    def put(self, path: str, content: dict[str, Any]) -> None:
        answer = self.client.put(f"/api/v2/noc/directory/{path}/", json=content)
        assert answer.status_code == 200, answer.text

    def enrol(self) -> None:
        """Enrol the sites; guards come when they are needed."""
        for site_id, (name, time_zone) in SITES.items():
            content = {
                "name": name,
                "latitude": 51.5,
                "longitude": -0.12,
                "geofence_radius_m": 150,
                "time_zone": time_zone,
            }
            self.put(f"sites/{site_id}", content)
        # A page asks for the sites once, when somebody signs in.
        wanted = {"wait_for": self.head()}
        listed = self.client.get("/api/v2/noc/directory/sites/", params=wanted)
        assert len(listed.json()["data"]["items"]) == len(SITES), listed.text

    def deceive(self, person: str = "G-001", site_id: str = "S-01") -> None:
        """Check in for a guard from far away, with somebody else's finger."""
        number = next(numbers)
        device = person.replace("G", "D")
        self.put(f"persons/{person}", {"name": f"Guard {person}", "site_id": site_id})
        self.put(f"devices/{device}", {"kind": "phone", "person_id": person})
        signal = {
            "kind": "attendance",
            "signal_id": f"b-{number}",
            "source": "browser-tests",
            "occurred_at": datetime.now(UTC).isoformat(),
            "person_id": person,
            "site_id": site_id,
            "device_id": device,
            "direction": "check_in",
            "latitude": 53.5,
            "longitude": -0.12,
            "gps_accuracy_m": 8.0,
            "biometric_quality": 0.03,
            "biometric_matched": False,
        }
        answer = self.client.post("/api/v2/noc/signals/", json=signal)
        assert answer.status_code == 201, answer.text

    def tickets(self, **query: str) -> list[dict[str, Any]]:
        return self._listed("tickets", **query)

    def alerts(self) -> list[dict[str, Any]]:
        return self._listed("alerts")

    def _listed(self, kind: str, **query: str) -> list[dict[str, Any]]:
        """Return the list with all that is recorded: the page knows from the feed, which is sooner."""
        wanted = {"wait_for": str(self.head()), **query}
        answer = self.client.get(f"/api/v2/noc/{kind}/", params=wanted)
        items: list[dict[str, Any]] = answer.json()["data"]["items"]
        return items

    def work(self, ticket: dict[str, Any], command: str, **body: Any) -> None:
        """Do something to a ticket, as a colleague at another desk would."""
        path = f"/api/v2/noc/tickets/{ticket['ticket_id']}/{command}/"
        answer = self.client.post(path, json=body)
        assert answer.status_code == 200, answer.text


class Desk:
    """One tab, used by keyboard."""

    def __init__(self, page: Page, server: LiveServer) -> None:
        self.page = page
        self.server = server

    def open(self, url: str | None = None) -> None:
        self.page.goto(f"{url or self.server.url}/")

    def log_in(self, role: str = "operator", *, password: str | None = None) -> None:
        username, right = self.server.users[role]
        self.page.get_by_label("Tenant").fill(self.server.tenant)
        self.page.get_by_label("User name").fill(username)
        self.page.get_by_label("Password").fill(password or right)
        self.page.keyboard.press("Enter")

    def sit_down(self, role: str = "operator", url: str | None = None) -> None:
        """Open the page, log in and wait until it is live."""
        self.open(url)
        self.log_in(role)
        self.expect_live()

    def expect_live(self) -> None:
        expect(self.page.locator("[data-status=live]")).to_contain_text("Live")
        expect(self.page.locator(".empty", has_text="Loading")).to_have_count(0)

    def column(self, name: str) -> Locator:
        return self.page.locator(f"[data-column={name}] [data-card]")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def drawer(self) -> Locator:
        return self.page.get_by_role("complementary", name="Details")

    def board(self) -> dict[str, list[str]]:
        """Return what the board shows, without what moves with the time."""
        shown: dict[str, list[str]] = self.page.evaluate(
            """() => Object.fromEntries([...document.querySelectorAll("[data-column]")].map(
              (column) => [column.dataset.column, [...column.querySelectorAll("[data-card]")].map(
                (card) => card.dataset.card + " " + card.getAttribute("aria-label"))]))"""
        )
        return shown
