"""Golden samples: one stored fact of every type, which every later release must be able to read.

A sample is never changed and never deleted. A fact whose meaning changes gets a new tag and a
sample of its own; the old sample stays and is read through its upcast.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import strategies as st

from adapters.log.codec import decode, encode
from adapters.log.upcasts import UPCASTS
from domain.catalogue import event_types, tag_of
from domain.kernel import Event
from tests.strategies import forall, structs

SAMPLES = Path(__file__).parent / "events"
STORED = sorted(path.stem for path in SAMPLES.glob("*.json"))


def test_every_fact_of_the_catalogue_has_a_sample() -> None:
    assert {tag_of(type_) for type_ in event_types()} - set(STORED) == set()


@pytest.mark.parametrize("tag", STORED)
def test_a_sample_is_read_for_ever(tag: str) -> None:
    data = (SAMPLES / f"{tag}.json").read_bytes()
    assert json.loads(data)["type"] == tag
    fact = decode(tag, data)
    if tag not in UPCASTS:
        assert tag_of(fact) == tag
    # What was read today is written and read again without a loss.
    assert decode(tag_of(fact), encode(fact)) == fact


@pytest.mark.parametrize("tag", STORED)
def test_a_sample_holds_nothing_that_is_not_read(tag: str) -> None:
    """A misspelt optional field would be passed over, and the sample would prove nothing."""
    if tag in UPCASTS:
        pytest.skip("An upcast leaves out what today's fact does not hold.")
    data = (SAMPLES / f"{tag}.json").read_bytes()
    assert set(json.loads(data)) <= {"type", *decode(tag, data).__struct_fields__}


@pytest.mark.parametrize("type_", list(event_types()), ids=tag_of)
@forall(data=st.data())
def test_any_fact_is_stored_and_read_without_a_loss(
    type_: type[Event], data: st.DataObject
) -> None:
    fact = data.draw(structs(type_))
    assert decode(tag_of(fact), encode(fact)) == fact


def test_no_two_facts_share_a_tag() -> None:
    tags = [tag_of(type_) for type_ in event_types()]
    assert len(tags) == len(set(tags))
