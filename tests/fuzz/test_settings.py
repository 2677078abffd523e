"""Whatever the environment says, the service has settings within their bounds or does not start."""

from __future__ import annotations

import dataclasses
import re
from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st

import config
from har.errors import ConfigError
from har.media.egress import rules_of
from har.web.security import trusted_hosts
from tests.fuzz.inputs import NUMBERS

FIELDS = {config.variable(field.name): field for field in dataclasses.fields(config.Settings)}
VALUES = NUMBERS | st.sampled_from(["0", "1", "true", "No", "nan", "inf", "-inf", ""])


def loaded(environ: dict[str, str]) -> config.Settings | str:
    """The settings, or why there are none."""
    try:
        return config.load(environ)
    except ConfigError as error:
        return error.detail


@given(st.dictionaries(st.sampled_from([*FIELDS, "HAR_OTHER", "PATH"]), VALUES, max_size=3))
def test_settings_are_within_their_bounds_or_refused_by_name(environ: dict[str, str]) -> None:
    settings = loaded(environ)
    if isinstance(settings, str):
        assert any(name in settings for name in environ)
        return
    assert "HAR_OTHER" not in environ
    for name in environ.keys() & FIELDS.keys():
        field = FIELDS[name]
        value, low = getattr(settings, field.name), field.metadata["low"]
        assert type(value) is type(field.default) or isinstance(field.default, config.Path)
        assert low is None or value >= low


HOSTS = st.text() | st.lists(st.text("abAZ09.-_:[]*/ü ", max_size=12), max_size=3).map(",".join)


@given(HOSTS)
@example(".")
@example("*.example.org")
@example("https://example.org/")
@example("[::1],127.0.0.1,.example.org")
@example("a" * 300)
def test_lists_of_hosts_are_names_or_refused(text: str) -> None:
    named = [name.strip() for name in text.split(",") if name.strip()]
    with suppress(ConfigError):
        rules = rules_of(config.Settings(allow_hosts=text))
        assert len(rules.only) == len(named)
        assert all(re.fullmatch(r"[a-z0-9_-][a-z0-9._-]*|[0-9a-f:.]+", name) for name in rules.only)
    with suppress(ConfigError):
        names = trusted_hosts(config.Settings(trusted_hosts=text, host="0.0.0.0"))
        assert len(names) <= len(named)
        assert all(name and not set(name) & set(" /*,") for name in names)
