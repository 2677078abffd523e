"""Where storage is: the file system of HAR_STORAGE_URL, and our folder in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

from config import Settings
from har.errors import ConfigError, ToolMissing

_PART = 8 << 20
"""Bytes that go to S3, or come from it, at once."""


def connect(settings: Settings) -> tuple[Any, str]:
    """fsspec's file system for the settings' storage, and the path of our folder in it.

    Raises ConfigError for a place that cannot be used, and ToolMissing for want of s3fs.
    """
    from fsspec.core import url_to_fs

    url = settings.storage_url or str(settings.data_dir / "jobs")
    if not re.match(r"(?!\w+://)|file://|s3://.", url):
        raise ConfigError("HAR_STORAGE_URL must be a folder, or like s3://bucket/prefix.")
    # Other processes write there too, so that no listing may be remembered.
    options = {"use_listings_cache": False, "default_block_size": _PART}
    try:
        return cast(tuple[Any, str], url_to_fs(url, skip_instance_cache=True, **options))
    except ImportError:
        raise ToolMissing(
            "HAR_STORAGE_URL needs the package s3fs: `pip install -r requirements-cluster.txt`."
        ) from None


def make_root(folder: Path) -> None:
    """Raises ConfigError where the folder cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The folder for the files of jobs cannot be made ({error.strerror}). Choose another "
            "with HAR_STORAGE_URL, or with HAR_DATA_DIR."
        ) from None
