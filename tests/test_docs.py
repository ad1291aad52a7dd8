"""The page of facts says what the catalogue says."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.catalogue import event_types, tag_of
from interfaces import docs


def test_the_page_is_what_the_catalogue_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main(["--check"]) == 0, capsys.readouterr().err


def test_a_page_that_is_out_of_date_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "PAGE", tmp_path / "events.md")
    assert docs.main(["--check"]) == 1
    assert "python -m interfaces.docs" in capsys.readouterr().err
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
    assert docs.main(["--what"]) == 2


def test_every_fact_says_what_it_means() -> None:
    for type_ in event_types():
        assert len(docs.description(type_)) > 30, tag_of(type_)
        assert docs.description(type_).endswith("."), tag_of(type_)


def test_personal_fields_are_marked() -> None:
    marked = {
        f"{tag_of(type_)}.{field.name}"
        for type_ in event_types()
        for field in docs.fields_of(type_)
        if docs.is_personal(field.type)
    }
    assert {
        "person.enrolled.name",
        "person.enrolled.phone",
        "person.renamed.name",
        "person.phone_corrected.phone",
        "user.enrolled.name",
        "user.renamed.name",
    } <= marked
