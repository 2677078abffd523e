"""Settings: where they come from, and that wrong ones are told at start."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

import config
from har.errors import ConfigError


def test_defaults() -> None:
    assert config.load({"PATH": "/bin"}) == config.Settings()


def test_values_from_the_environment() -> None:
    settings = config.load(
        {"HAR_PORT": "0", "HAR_DATA_DIR": "/data", "HAR_ALLOW_PRIVATE_URLS": "1"}
    )
    assert (settings.port, settings.data_dir) == (0, Path("/data"))
    assert settings.allow_private_urls is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HAR_PORT", "five"),
        ("HAR_PORT", "-1"),
        ("HAR_ALLOW_PRIVATE_URLS", "maybe"),
        ("HAR_MAX_DURATION_SECONDS", "nan"),
        ("HAR_MAX_UPLOAD_MB", "0"),
        ("HAR_PROT", "5000"),
    ],
)
def test_wrong_values_name_their_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        config.load({name: value})


def test_every_setting_has_help() -> None:
    assert all(f.metadata["help"] for f in dataclasses.fields(config.Settings))
