"""The keys in the database: made once, never kept, found again."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from config import Settings
from har.errors import BadOption, NotFound
from har.jobs import keys
from har.jobs.database import connect


@pytest.fixture
def engine(settings: Settings) -> Iterator[sa.Engine]:
    engine = connect(settings)
    yield engine
    engine.dispose()


def test_a_key_is_found_until_it_is_removed(engine: sa.Engine) -> None:
    text = keys.add(engine, "alice", "10/minute")
    assert re.fullmatch(r"har_[A-Za-z0-9_-]{43}", text)
    found = keys.find(engine, text)
    assert found is not None
    assert (found.name, found.rate) == ("alice", "10/minute")
    keys.remove(engine, "alice")
    assert keys.find(engine, text) is None
    with pytest.raises(NotFound, match="alice"):
        keys.remove(engine, "alice")


def test_only_a_digest_is_stored(engine: sa.Engine, settings: Settings) -> None:
    text = keys.add(engine, "alice", None)
    engine.dispose()
    stored = b"".join(path.read_bytes() for path in settings.data_dir.glob("har.sqlite*"))
    assert b"alice" in stored
    assert text.encode() not in stored
    assert text.removeprefix("har_").encode() not in stored


def test_no_two_keys_are_alike_and_none_is_found_by_less(engine: sa.Engine) -> None:
    one, other = keys.add(engine, "one", None), keys.add(engine, "other", None)
    assert one != other
    digests = [key.digest for key in keys.all_of(engine)]
    near = ["", "har_", one[:-1], f"{one}a", f" {one}", one.upper(), f"{one}\n", "har_" + "ä" * 43]
    for wrong in (*near, *digests, "har_" + "a" * 43):
        assert keys.find(engine, wrong) is None


def test_keys_are_listed_by_name(engine: sa.Engine) -> None:
    for name in ("bob", "alice"):
        keys.add(engine, name, None)
    assert [key.name for key in keys.all_of(engine)] == ["alice", "bob"]


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("", None),
        ("a b", None),
        ("ä", None),
        ("a\n", None),
        ("a" * 65, None),
        ("@a", None),
        ("a", ""),
        ("a", "often"),
        ("a", "0/minute"),
        ("taken", None),
    ],
)
def test_what_cannot_be_added_is_told(engine: sa.Engine, name: str, rate: str | None) -> None:
    keys.add(engine, "taken", None)
    with pytest.raises(BadOption):
        keys.add(engine, name, rate)
    assert [key.name for key in keys.all_of(engine)] == ["taken"]


def test_keys_are_shared_through_a_server(settings: Settings, migrated_postgresql: str) -> None:
    settings = dataclasses.replace(settings, database_url=migrated_postgresql)
    here, there = connect(settings), connect(settings)
    text = keys.add(here, "alice", None)
    found = keys.find(there, text)
    assert found is not None
    assert found.name == "alice"
    with pytest.raises(BadOption, match="already"):
        keys.add(there, "alice", None)
    for engine in (here, there):
        engine.dispose()
