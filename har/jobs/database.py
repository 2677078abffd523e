"""The database of the jobs: SQLite beside them, or the one of HAR_DATABASE_URL; its migrations."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from config import Settings
from har.errors import ConfigError, DiskFull, RecordsAway, ToolMissing
from har.jobs import disk

_MIGRATIONS = Path(__file__).with_name("migrations")
_BUSY_SECONDS = 30
_log = logging.getLogger(__name__)


def connect(settings: Settings) -> sa.Engine:
    """The engine of a database that is of this version.

    SQLite's is made or brought up to date here. Raises ConfigError where HAR_DATABASE_URL cannot be
    used or its database needs ``har migrate``, ToolMissing where its driver is not installed,
    RecordsAway where it does not answer, and DiskFull.
    """
    engine = _engine(settings)
    if not settings.database_url:
        migrate(settings, engine)
    elif _version(engine) != _head():
        engine.dispose()
        raise ConfigError(
            "The database of HAR_DATABASE_URL is not of this version: run `python -m har migrate`."
        )
    return engine


def migrate(settings: Settings, engine: sa.Engine | None = None) -> None:
    """Bring the database up to this version. Raises as connect() does."""
    engine = engine or _engine(settings)
    with _alone(settings.data_dir):
        if _version(engine) != _head():
            with engine.begin() as connection:
                migrations = _config()
                migrations.attributes["connection"] = connection
                command.upgrade(migrations, "head")
    engine.dispose()


def _engine(settings: Settings) -> sa.Engine:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if not settings.database_url:
        engine = sa.create_engine(
            f"sqlite:///{settings.data_dir / 'har.sqlite'}",
            connect_args={"timeout": _BUSY_SECONDS},
        )
        sa.event.listen(engine, "connect", _prepare)
        return engine
    try:
        url = sa.make_url(settings.database_url)
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        return sa.create_engine(url, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError):
        raise ConfigError("HAR_DATABASE_URL must be like postgresql://user@host/name.") from None
    except ModuleNotFoundError as missing:
        raise ToolMissing(
            f"HAR_DATABASE_URL needs the package {missing.name}: "
            "`pip install -r requirements-cluster.txt`."
        ) from None


def _prepare(connection: Any, _: object) -> None:
    # A reader must not wait for a writer; a job that was accepted survives a loss of power.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def _head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _version(engine: sa.Engine) -> str | None:
    """The first thing that is asked of a database: raises RecordsAway and DiskFull."""
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        if disk.is_full(error):
            raise DiskFull("There is no room for the database. Free some.") from error
        _log.warning("the database does not answer: %s", error.orig)
        raise RecordsAway(
            "The database does not answer. Start it, or correct HAR_DATABASE_URL or HAR_DATA_DIR."
        ) from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let no other process of this machine in: the web and a worker may start at once, and SQLite
    refuses the second that opens a database for the first time."""
    with (folder / "migration.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
