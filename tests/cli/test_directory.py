"""Tenants, sites, persons and devices at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.followers.projecting import ProjectionHandler
from adapters.followers.runtime import Loop
from projections import PROJECTIONS
from tests.cli.conftest import Vedette
from tests.conftest import Database


def follow(database: Database) -> None:
    for projection in PROJECTIONS:
        handler = ProjectionHandler(projection)
        Loop(database.app_url, handler, grown=lambda *_: None).catch_up()


def test_a_tenant_is_founded_once_and_listed(vedette: Vedette, founded: str) -> None:
    again = ("tenant", "found", founded, "--title", "Guards", "--time-zone", "Europe/London")
    answer = vedette(*again)
    assert (answer.code, answer.out) == (0, f"Tenant {founded} is founded already.\n")
    (line,) = [
        each for each in vedette("tenant", "list", "--json").json if each["tenant_id"] == founded
    ]
    assert line == {
        "tenant_id": founded,
        "title": "Guards",
        "time_zone": "Europe/London",
        "position": 1,
    }
    assert founded in vedette("tenant", "list").out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Demo", "--title", "x", "--time-zone", "UTC"], "'Demo' is not a tenant's id"),
        (
            ["ok", "--title", "x", "--time-zone", "Mars/Olympus"],
            "'Mars/Olympus' is not a time zone",
        ),
        (["ok", "--title", "", "--time-zone", "UTC"], "name: expected"),
    ],
)
def test_a_tenant_that_cannot_be_is_refused_in_a_sentence(
    vedette: Vedette, arguments: list[str], sentence: str
) -> None:
    answer = vedette("tenant", "found", *arguments)
    assert answer.code == 1
    assert sentence in answer.err
    assert "Traceback" not in answer.err
    assert "ok" not in [each["tenant_id"] for each in vedette("tenant", "list", "--json").json]


def test_sites_persons_and_devices_are_registered_and_listed(
    vedette: Vedette, founded: str, database: Database
) -> None:
    of = ("--tenant", founded)
    site = ("S-1", "--name", "Depot", "--latitude", "51.5", "--longitude", "-0.1")
    answer = vedette("site", "register", *site, "--time-zone", "Europe/London", *of, "--json")
    assert answer.json == {"position": 2}
    answer = vedette("site", "register", *site, "--time-zone", "Europe/London", *of, "--json")
    assert answer.json == {"position": None}
    assert vedette("person", "enrol", "G-1", "--name", "Ada", "--site", "S-1", *of).code == 0
    assert vedette("device", "register", "D-1", "--person", "G-1", *of).code == 0
    follow(database)
    (row,) = vedette("site", "list", *of, "--json").json
    assert (row["site_id"], row["geofence_radius_m"], row["longitude"]) == ("S-1", 150.0, -0.1)
    (row,) = vedette("person", "list", *of, "--json").json
    assert (row["person_id"], row["name"], row["site_id"]) == ("G-1", "Ada", "S-1")
    (row,) = vedette("device", "list", *of, "--json").json
    assert (row["device_id"], row["kind"], row["person_id"]) == ("D-1", "phone", "G-1")
    assert "Ada" in vedette("person", "list", *of).out


def test_a_file_states_many_and_names_the_lines_that_cannot_be(
    vedette: Vedette, founded: str, tmp_path: Path
) -> None:
    path = tmp_path / "sites.csv"
    path.write_text(
        "site_id,name,latitude,longitude,geofence_radius_m,time_zone\n"
        "S-1,Depot,51.5,-0.1,150,Europe/London\n"
        "S-2,Mill,91,-0.1,150,Europe/London\n"
        "S-3,Tower,40.7,-74.0,150,America/Nowhere\n"
        "S-4,Yard,40.7,-74.0,nan,America/New_York\n"
        "S-5,Gate,40.7,-74.0,120,America/New_York,extra\n",
        encoding="utf-8-sig",
    )
    answer = vedette("site", "register", "--file", str(path), "--tenant", founded)
    assert answer.code == 1
    assert answer.out == "1 changed, 0 as before, 4 refused.\n"
    lines = answer.err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["line 3", "line 4", "line 5", "line 6"]
    assert "latitude" in lines[0]
    assert "'America/Nowhere' is not a time zone" in lines[1]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"person_id;name\nG-1;Ada\n", "has a column"),
        (b"person_id,name\nG-1,\xff\n", "is not CSV in UTF-8"),
    ],
)
def test_a_file_that_is_no_directory_is_refused_in_a_sentence(
    vedette: Vedette, founded: str, tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "persons.csv"
    path.write_bytes(content)
    answer = vedette("person", "enrol", "--file", str(path), "--tenant", founded)
    assert answer.code == 1
    assert sentence in answer.err
    assert "Traceback" not in answer.err


def test_another_tenant_is_not_there(vedette: Vedette) -> None:
    answer = vedette("site", "list", "--tenant", "nobody-here")
    assert answer.code == 1
    assert (
        answer.err
        == "There is no tenant nobody-here; `vedette tenant list` shows those there are.\n"
    )


def test_wrong_usage_ends_with_2(vedette: Vedette) -> None:
    assert vedette("site", "list").code == 2
    assert vedette("device", "register", "D-1", "--tenant", "x", "--kind", "toaster").code == 2


def test_migrating_again_changes_nothing(vedette: Vedette) -> None:
    answer = vedette("migrate")
    assert (answer.code, answer.out) == (0, "The database is up to date.\n")
