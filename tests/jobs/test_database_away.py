"""A database that cannot be had: whoever starts a program is told in a sentence."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import ROOT, Settings
from har import serve
from har.errors import DiskFull, RecordsAway
from har.jobs.database import connect, migrate
from har.jobs.record import Records
from tests import servers
from tests.small_disk import filled, small_disk

AWAY = "postgresql://har:secret@127.0.0.1:1/har"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a machine that has no database yet."""
    return Settings(data_dir=tmp_path / "var", clip_model="off")


@pytest.mark.parametrize(
    ("command", "code"),
    [("har migrate", 2), ("har serve", 2), ("har worker", 1), ("gunicorn app:app", 3)],
)
def test_a_program_ends_and_says_so(tmp_path: Path, command: str, code: int) -> None:
    settings = {"HAR_DATABASE_URL": AWAY, "HAR_DATA_DIR": str(tmp_path), "HAR_PORT": "0"}
    argv = [sys.executable, "-m", *command.split()]
    ended = subprocess.run(
        argv, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, timeout=120
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode == code, said
    assert "The database does not answer. Start it, or correct HAR_DATABASE_URL" in said
    assert "port 1 failed: Connection refused" in said, "why not"
    assert "Traceback" not in said
    assert "secret" not in said


def test_a_file_that_is_no_database_is_told(settings: Settings) -> None:
    (settings.data_dir / "har.sqlite").mkdir(parents=True)
    with pytest.raises(RecordsAway, match="HAR_DATA_DIR"):
        connect(settings)


@pytest.mark.parametrize("is_new", [True, False], ids=["new", "known"])
def test_a_full_disk_is_told(tmp_path: Path, settings: Settings, is_new: bool) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        settings = dataclasses.replace(settings, data_dir=disk)
        if not is_new:
            connect(settings).dispose()
        with filled(disk), pytest.raises(DiskFull):
            connect(settings)
        connect(settings).dispose()


def test_the_supervisor_waits_for_it(settings: Settings) -> None:
    with servers.postgresql() as server:
        settings = dataclasses.replace(settings, database_url=server.database())
        migrate(settings)
        records = Records(settings)
        records.beat("w", ready=True)
        assert serve._ready(records) == {"w"}
    assert serve._ready(records) == set()
    records.close()
