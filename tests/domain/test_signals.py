"""The identity of a signal: what makes a second delivery meet the first one, for ever."""

from __future__ import annotations

from uuid import uuid5

from hypothesis import given
from hypothesis import strategies as st

from domain.signals import SIGNAL_NAMESPACE, signal_uuid

text = st.text(st.characters(codec="utf-8"), max_size=64)


@given(text, text)
def test_a_signals_identity_is_the_uuid5_of_its_source_and_id(source: str, signal_id: str) -> None:
    """Whoever re-implements it elsewhere needs nothing but RFC 9562."""
    name = f"{len(source)}/{source}/{signal_id}"
    assert signal_uuid(source, signal_id) == uuid5(SIGNAL_NAMESPACE, name)


def test_a_slash_cannot_make_two_signals_one() -> None:
    assert signal_uuid("a/b", "c") != signal_uuid("a", "b/c")
