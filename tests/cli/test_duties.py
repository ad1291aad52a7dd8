"""Tours, shifts, tasks and rosters at the command line, and the examples of the documentation."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from interfaces.cli import file_import
from tests.cli.conftest import Vedette
from tests.cli.test_directory import follow
from tests.conftest import Database

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture
def site(vedette: Vedette, founded: str) -> str:
    """A tenant with the site, the guards and the device of the examples."""
    of = ("--tenant", founded)
    place = ("S-01", "--name", "Depot", "--latitude", "51.5", "--longitude", "-0.12")
    assert vedette("site", "register", *place, "--time-zone", "Europe/London", *of).code == 0
    for person in ("G-001", "G-002"):
        assert vedette("person", "enrol", person, "--name", "Ada", *of).code == 0
    assert vedette("device", "register", "D-001", *of).code == 0
    return founded


def test_duties_are_stated_ended_and_listed(
    vedette: Vedette, site: str, database: Database
) -> None:
    of = ("--tenant", site)
    tour = ("define", "T-1", "--site", "S-01", "--name", "Round", "--start", "22:00")
    points = ("--checkpoint", "C-1=5=North door", "--checkpoint", "C-2=20")
    shift = ("plan", "H-1", "--site", "S-01", "--person", "G-001")
    hours = ("--starts-at", "2026-11-20T20:00:00Z", "--ends-at", "2026-11-21T04:00:00Z")
    task = ("assign", "K-1", "--site", "S-01", "--name", "Lock", "--due-at", "2026-11-20T21:00:00Z")
    for command in (
        ("tour", *tour, *points),
        ("shift", *shift, *hours),
        ("task", *task),
        ("tour", "retire", "T-1"),
        ("shift", "cancel", "H-1"),
        ("task", "cancel", "K-1"),
    ):
        assert vedette(*command, *of, "--json").json["position"] is not None
        assert "already" in vedette(*command, *of).out or command[1] in {"define", "plan", "assign"}
    follow(database)
    (row,) = vedette("tour", "list", "--site", "S-01", *of, "--json").json
    assert [each["name"] for each in row["checkpoints"]] == ["North door", "C-2"]
    assert (row["starts"], row["grace_minutes"], row["retired"]) == (["22:00"], 10, True)
    (row,) = vedette("shift", "list", "--from", "2026-11-21T03:00:00Z", *of, "--json").json
    assert (row["shift_id"], row["role"], row["cancelled"]) == ("H-1", "guard", True)
    assert vedette("shift", "list", "--from", "2026-11-21T04:00:00Z", *of, "--json").json == []
    assert vedette("shift", "list", "--to", "2026-11-20T20:00:00Z", *of, "--json").json == []
    assert vedette("shift", "list", "--person", "G-002", *of, "--json").json == []
    (row,) = vedette("task", "list", "--to", "2026-11-21T00:00:00Z", *of, "--json").json
    assert (row["task_id"], row["cancelled"]) == ("K-1", True)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("tour", "retire", "T-9"), "There is no tour of this id."),
        (("shift", "list", "--from", "yesterday"), "--from is a moment with its zone"),
        (
            ("shift", "list", "--from", "2026-11-22T00:00:00Z", "--to", "2026-11-21T00:00:00Z"),
            "--from must not be after --to",
        ),
        (("shift", "list", "--to", "2026-11-20T20:00:00"), "--to is a moment with its zone"),
        (("tour", "define", "T-1", "--site", "S-99", "--name", "R", "--checkpoint", "C=1"), "S-99"),
        (("tour", "define", "T-1", "--site", "S-01", "--name", "R", "--checkpoint", "C"), "due"),
        (("roster", "import", "none.csv"), "No such file"),
        (("tour", "import", "none.csv"), "No such file"),
        (("tour", "import", "none.csv", "--delimiter", "no"), "A delimiter is one character."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    vedette: Vedette, site: str, command: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    given = [str(tmp_path / each) if each == "none.csv" else each for each in command]
    if "--delimiter" in given:
        Path(given[2]).write_text("tour_id\n")
    answer = vedette(*given, "--tenant", site)
    assert answer.code == 1
    assert sentence in answer.err
    assert "Traceback" not in answer.err


def test_the_examples_of_the_documentation_are_taken_twice_without_effect(
    vedette: Vedette, site: str, tmp_path: Path
) -> None:
    """In the order in which a tenant would bring them in."""
    of = ("--tenant", site)
    for name in ("tours.csv", "roster.csv", "signals.csv"):
        (tmp_path / name).write_bytes((EXAMPLES / name).read_bytes())
    tours = ("tour", "import", str(tmp_path / "tours.csv"), *of)
    assert vedette(*tours).out == "2 changed, 0 as before, 0 refused.\n"
    assert vedette(*tours).out == "0 changed, 2 as before, 0 refused.\n"
    roster = ("roster", "import", str(tmp_path / "roster.csv"), *of)
    assert vedette(*roster).out.startswith("3 accepted, 0 duplicates, 0 refused")
    assert vedette(*roster).out.startswith("0 accepted, 3 duplicates, 0 refused")
    signals = ("import", str(tmp_path / "signals.csv"), *of)
    assert vedette(*signals).out.startswith("7 accepted, 0 duplicates, 0 refused")
    assert vedette(*signals).out.startswith("0 accepted, 7 duplicates, 0 refused")
    assert sorted(each.name for each in tmp_path.glob("*.csv*")) == [
        "roster.csv",
        "signals.csv",
        "tours.csv",
    ]


def test_a_roster_names_the_lines_that_cannot_be_and_keeps_the_others(
    vedette: Vedette, site: str, tmp_path: Path
) -> None:
    path = tmp_path / "roster.csv"
    good = "S-01,G-001,2026-11-20T20:00:00Z,2026-11-21T04:00:00Z"
    path.write_text(
        "shift_id,site_id,person_id,starts_at,ends_at\n"
        f"H-1,{good}\n"
        f"H-2,{good.replace('S-01', 'S-99')}\n"
        f"H-3,{good.replace('21T04', '20T04')}\n"
        f"H-4,{good.replace('21T04', '22T04')}\n"
        f"H-5,{good.replace('20:00:00Z', '20:00:00')}\n"
        f"H-6,{good.replace('2026-11-20T20:00:00Z', '')}\n"
        f"H 7,{good}\n"
        "H-8,S-01\n"
        f"H-9,{good}\n",
        encoding="utf-8",
    )
    answer = vedette("roster", "import", str(path), "--tenant", site)
    assert answer.code == file_import.EXIT_SOME_REFUSED
    assert answer.out.startswith("2 accepted, 0 duplicates, 7 refused")
    with (tmp_path / "roster.csv.refused.csv").open(encoding="utf-8", newline="") as file:
        found = [(int(row["line"]), row["field"], row["code"]) for row in csv.DictReader(file)]
    assert found == [
        (3, "site_id", "directory.named_entry_unknown"),
        (4, "ends_at", "shift.ends_before_it_starts"),
        (5, "ends_at", "shift.too_long"),
        (6, "starts_at", "shift.malformed"),
        (7, "starts_at", "shift.malformed"),
        (8, "shift_id", "shift.malformed"),
        (9, "", "import.malformed"),
    ]


def test_a_roster_goes_on_where_it_was_cut_off(
    vedette: Vedette, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "roster.csv"
    row = "H-{},S-01,2026-11-20T20:00:00Z,2026-11-21T04:00:00Z\n"
    path.write_text("shift_id,site_id,starts_at,ends_at\n" + "".join(map(row.format, range(1_200))))
    with monkeypatch.context() as patched:
        kept: list[int] = []

        def cut_off(place: Path, content: file_import.Place) -> None:
            if kept:
                raise OSError("cut off")
            kept.append(content.tally.line)
            keep(place, content)

        keep = file_import.keep
        patched.setattr(file_import, "keep", cut_off)
        assert vedette("roster", "import", str(path), "--tenant", site).code == 1
    answer = vedette("roster", "import", str(path), "--tenant", site)
    assert "Going on at line 502." in answer.err
    # What was taken after the place was kept is met again, and is as it was.
    assert answer.out.startswith("700 accepted, 500 duplicates, 0 refused")


def test_a_file_of_tours_names_its_bad_lines(vedette: Vedette, site: str, tmp_path: Path) -> None:
    path = tmp_path / "tours.csv"
    path.write_text(
        "tour_id;site_id;name;checkpoint_id;due_minutes\n"
        "T-1;S-01;Round;C-1;5\n"
        "T-2;S-99;Round;C-1;5\n"
        "T-3;S-01;Round;C-1;5\n"
        "T-3;;;C-1;9\n"
    )
    of = ("--tenant", site, "--delimiter", ";")
    answer = vedette("tour", "import", str(path), *of)
    assert (answer.code, answer.out) == (1, "1 changed, 0 as before, 2 refused.\n")
    assert answer.err.splitlines() == [
        "line 3: There is no site S-99.",
        "line 4: The checkpoint C-1 stands twice in the tour.",
    ]
    answer = vedette("tour", "import", str(path), "--tenant", site)
    assert "use --delimiter" in answer.err
