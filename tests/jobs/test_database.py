"""The database's versions: made, brought up to date, and refused where that is to be done first."""

from __future__ import annotations

import dataclasses
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from config import Settings
from har.errors import ConfigError
from har.jobs.database import connect, migrate
from har.jobs.record import Records
from har.jobs.tables import Base
from tests.servers import PostgreSQL


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a machine that has no database yet."""
    return Settings(data_dir=tmp_path / "var", clip_model="off")


def differences(settings: Settings) -> list[object]:
    """Between the tables of the database and those of the code."""
    engine = connect(settings)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    engine.dispose()
    return list(found)


def test_migrations_make_the_tables_of_the_code(settings: Settings) -> None:
    assert differences(settings) == []


def test_a_database_from_before_there_were_migrations_keeps_its_jobs(settings: Settings) -> None:
    settings.data_dir.mkdir()
    path = settings.data_dir / "har.sqlite"
    with sqlite3.connect(path) as old:
        old.execute(
            "CREATE TABLE jobs (id VARCHAR NOT NULL PRIMARY KEY, origin VARCHAR NOT NULL, "
            "source VARCHAR NOT NULL, options JSON NOT NULL, state VARCHAR NOT NULL, "
            "phase VARCHAR, progress FLOAT NOT NULL, worker VARCHAR, created FLOAT NOT NULL, "
            "started FLOAT, finished FLOAT, result JSON, error JSON, video VARCHAR, "
            "media_type VARCHAR)"
        )
        old.execute(
            "CREATE TABLE workers (name VARCHAR NOT NULL PRIMARY KEY, seen FLOAT NOT NULL, "
            "ready BOOLEAN NOT NULL)"
        )
        old.execute(
            "INSERT INTO jobs VALUES ('a', 'url', 'https://example.org/a.mp4', '{}', 'done', "
            "'annotate', 1.0, 'w', 1.0, 2.0, 3.0, '{\"id\": \"a\"}', NULL, 'v.mp4', 'video/mp4')"
        )
    old.close()
    job = Records(settings).get("a")
    assert (job.state, job.result, job.video) == ("done", {"id": "a"}, "v.mp4")
    assert (job.progress, job.attempts) == ({}, 0)
    assert differences(settings) == []


def test_many_may_open_a_new_database_at_once(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: Records(settings), range(8)))
    opened[0].beat("w", ready=True)
    assert [worker.name for worker in opened[-1].workers()] == ["w"]


def test_an_accepted_job_outlasts_a_loss_of_power(settings: Settings) -> None:
    engine = connect(settings)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("PRAGMA synchronous")) == 2, "FULL"
        assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
    engine.dispose()


def test_a_server_is_migrated_by_command_only(settings: Settings, postgresql: PostgreSQL) -> None:
    settings = dataclasses.replace(settings, database_url=postgresql.database())
    with pytest.raises(ConfigError, match="python -m har migrate"):
        connect(settings)
    migrate(settings)
    migrate(settings)
    assert differences(settings) == []


@pytest.mark.parametrize("url", ["nonsense", "oracle9://x/y", "http://db/har"])
def test_an_address_that_is_none_is_told(settings: Settings, url: str) -> None:
    with pytest.raises(ConfigError, match="HAR_DATABASE_URL"):
        connect(dataclasses.replace(settings, database_url=url))
