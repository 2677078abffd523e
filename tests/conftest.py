"""Fixtures that every test may use."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import config
from har.media import ffmpeg, sandbox
from tests import checkpoints, servers
from tests.children import sharing
from tests.prerequisites import missing
from tests.sentences import seed
from tests.serving import Service, serving

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling

    from har.recognition.recognizer import Recognizer

TESTS = Path(__file__).resolve().parent
SAMPLES = TESTS.parents[1] / "shared" / "samples"

TOGETHER = {"tests/browser/cameras", "tests/browser/compare", "tests/training"}
"""Folders whose files share a service, a browser or a training of their own."""
SERVICES = {"service", "web", "gunicorn"}
"""Fixtures that run the service, or its web alone, in processes of its own."""
HEAVY = {"samples", "make_video", "recognizer", "shipped", "site", "hub", "here", "mini"}
HEAVY |= {"outcomes", "postgresql", "bubblewrap"}
"""Fixtures whose tests decode video, start programs, or run whole networks."""
THREADS = 1 if "PYTEST_XDIST_WORKER" in os.environ else 0
"""Of each network; 0: as many as there are cores. Where tests run in several processes, one."""
if THREADS:
    # Read by libraries when they are loaded, and by programs that tests start.
    os.environ["OMP_NUM_THREADS"] = os.environ["HAR_THREADS"] = str(THREADS)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Put what tests write in a folder of this run alone.

    pytest's own are numbered beside each other, and each run clears those of others away, which may
    be at work.
    """
    if not config.option.basetemp:
        config.option.basetemp = tempfile.mkdtemp(prefix="har-tests-")
        config.add_cleanup(lambda: shutil.rmtree(config.option.basetemp, ignore_errors=True))


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test of the browser, of a service, that is heavy, or that is fuzzing."""
    fixtures = set(item.fixturenames)  # type: ignore[attr-defined]
    if fixtures & HEAVY:
        item.add_marker("heavy")
    [folder, *_] = item.path.relative_to(TESTS).parts
    if folder in ("browser", "fuzz"):
        item.add_marker(folder)
    elif fixtures & SERVICES:
        item.add_marker("service")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders of TOGETHER, the browser and services, which take longest."""
    items.sort(key=_order)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Have each process take whole files, and folders of TOGETHER, so that what their tests share
    is made once."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            folder = str(Path(file).parent)
            return folder if folder in TOGETHER else file

    return Scheduling(config, log)


def _order(item: pytest.Item) -> int:
    """Folders that stay together, the browser, services, all others."""
    if str(item.path.parent.relative_to(TESTS.parent)) in TOGETHER:
        return 0
    marks = ("browser", "service")
    return next((i for i, mark in enumerate(marks, 1) if item.get_closest_marker(mark)), 3)


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """A shell that runs the tests in the background has Ctrl-C ignored, by their children too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_errors_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """An ERROR in the log fails the test that caused it."""
    yield
    errors = [r for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
    assert not errors, errors


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real and odd videos that lies beside the repository."""
    if not SAMPLES.is_dir():
        missing(f"these tests need the sample videos in {SAMPLES}")
    return SAMPLES


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    """Settings with a data folder of their own, and the small checkpoint."""
    return _settings(tmp_path / "var")


@pytest.fixture(scope="session")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> Recognizer:
    """The small checkpoint, and the semantic model for zero-shot."""
    from har.recognition.recognizer import Recognizer  # PyTorch takes seconds

    return Recognizer.load(_settings(seed(tmp_path_factory.mktemp("recognizer"))))


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Recognizer:
    """The same with the checkpoint that is shipped, for tests of what is said."""
    from har.recognition.recognizer import Recognizer

    settings = _settings(seed(tmp_path_factory.mktemp("shipped")))
    return Recognizer.load(replace(settings, checkpoint=config.Settings.checkpoint))


def _settings(data: Path) -> config.Settings:
    checkpoint = checkpoints.small()
    return config.Settings(data_dir=data, checkpoint=checkpoint, clip_model="off", threads=THREADS)


@pytest.fixture(scope="session")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service of all tests that only talk to it; it may fetch from the loopback address."""
    folder = tmp_path_factory.mktemp("service")
    with sharing(serving(folder, allow_private_urls=1)) as service:
        yield service


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of this version with nothing in it, to be copied."""
    from har.jobs.database import migrate  # SQLAlchemy and Alembic take a second

    folder = tmp_path_factory.mktemp("migrated")
    migrate(config.Settings(data_dir=folder))
    return folder / "har.sqlite"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.PostgreSQL]:
    """The server that tests share; each takes databases of its own."""
    with sharing(servers.postgresql()) as server:
        yield server


@pytest.fixture(scope="session")
def template(postgresql: servers.PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The database that those of migrated_postgresql are copies of."""
    from har.jobs.database import migrate

    url = postgresql.database()
    migrate(config.Settings(data_dir=tmp_path_factory.mktemp("migrated"), database_url=url))
    return url


@pytest.fixture
def migrated_postgresql(postgresql: servers.PostgreSQL, template: str) -> str:
    """The address of a database of this version with nothing in it."""
    return postgresql.database(template)


@pytest.fixture(scope="session")
def bubblewrap() -> None:
    """A machine on which children are confined."""
    if sandbox.program() is None or not sandbox.confines(sys.executable):
        missing("these tests need bubblewrap, and a kernel that allows it namespaces")


@pytest.fixture
def without_bubblewrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has util-linux and ffmpeg, and no bubblewrap."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("prlimit", "setpriv", "ffmpeg"):
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(programs))


@pytest.fixture(scope="session")
def make_video(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a file with ffmpeg: ``make_video("a.mp4", "-f", "lavfi", "-i", "testsrc2=d=2", ...)``.

    A name that was made before in this run is not made again, and must mean the same.
    """
    folder = tmp_path_factory.mktemp("videos")
    recipes: dict[str, tuple[str, ...]] = {}

    def make(name: str, *args: str) -> Path:
        path = folder / name
        assert recipes.setdefault(name, args) == args, f"{name} is made in two ways"
        if not path.exists():
            exe = ffmpeg.executable(config.Settings())
            subprocess.run([exe, "-v", "error", "-nostdin", "-y", *args, str(path)], check=True)
        return path

    return make
