from __future__ import annotations

import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import save_file

import config
from har.models.zero_shot import weights
from tests.models.zero_shot.hub import Hub

NAME = "someone/tiny-clip"
DEFAULT = config.Settings().clip_model
DEADLINE = 30.0


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    return config.Settings(
        data_dir=tmp_path / "var", clip_model=NAME, clip_reach_seconds=DEADLINE / 2
    )


@pytest.fixture(autouse=True)
def no_child_left() -> Iterator[None]:
    yield
    weights.end_child()


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def tried(settings: config.Settings) -> weights.Outcome:
    """The outcome of a try in the background."""
    weights.reach_in_background(settings)
    wait_for(lambda: weights.outcome(settings).state in ("ready", "failed"))
    wait_for(lambda: weights._child is None or weights._child.poll() is not None)
    return weights.outcome(settings)


def left_behind(settings: config.Settings) -> list[str]:
    """Files of the data folder beside the record and the lock."""
    files = (p.relative_to(settings.data_dir) for p in settings.data_dir.rglob("*") if p.is_file())
    return sorted(str(f) for f in files if f.name not in ("clip.json", "clip.lock"))


@contextmanager
def listener(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """The address of a server that treats each connection in its own way."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.05)
    done = threading.Event()

    def accept() -> None:
        connections = []
        while not done.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            connections.append(connection)
            thread = threading.Thread(target=answer, args=(connection, done))
            thread.start()
            threads.append(thread)
        for connection in connections:
            connection.close()

    threads: list[threading.Thread] = []
    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        done.set()
        acceptor.join()
        for thread in threads:
            thread.join()
        server.close()


def silent(connection: socket.socket, done: threading.Event) -> None:
    done.wait()


def dripping(connection: socket.socket, done: threading.Event) -> None:
    """A header that never ends: no single read takes long."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not done.wait(0.1):
        try:
            connection.sendall(b"x")
        except OSError:
            return


# --- what is here


def test_off_means_off(hub: Hub, settings: config.Settings) -> None:
    settings = replace(settings, clip_model="off")
    weights.reach_in_background(settings)
    assert weights._child is None or weights._child.poll() is not None
    assert weights.available(settings) is None
    assert weights.load(settings) is None
    assert weights.outcome(settings).state == "off"
    assert hub.asked == []


def test_a_local_folder_is_used_and_the_hub_is_not(
    hub: Hub, settings: config.Settings, tiny_clip: Path
) -> None:
    settings = replace(settings, clip_model=str(tiny_clip))
    weights.reach_in_background(settings)
    clip = weights.load(settings)
    assert clip is not None
    assert (clip.source, clip.name) == ("clip", str(tiny_clip))
    assert 0 < clip.scores(torch.ones(24), ("PushUps", "Yoga")).sum().item() < 1
    assert weights.load(settings) is clip, "nothing changed, so nothing is loaded again"
    assert weights.outcome(settings).state == "ready"
    assert hub.asked == []


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_folder_that_lacks_a_file_is_not_used(
    hub: Hub, settings: config.Settings, tiny_clip: Path, tmp_path: Path, missing: str
) -> None:
    folder = shutil.copytree(tiny_clip, tmp_path / "copy")
    (folder / missing).unlink()
    (folder / "vocab.json").unlink()
    settings = replace(settings, clip_model=str(folder))
    assert weights.available(settings) is None
    assert weights.load(settings) is None
    found = tried(settings)
    assert (found.state, found.tried) == ("failed", None)
    assert str(tmp_path) not in found.reason
    assert hub.asked == [], "a path is no name on the hub"


def test_a_folder_that_cannot_be_loaded_is_given_up(
    hub: Hub,
    settings: config.Settings,
    tiny_clip: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = shutil.copytree(tiny_clip, tmp_path / "copy")
    save_file({"a": torch.zeros(1)}, folder / "model.safetensors", metadata={"format": "pt"})
    settings = replace(settings, clip_model=str(folder))
    assert weights.load(settings) is None
    assert weights.load(settings) is None
    found = weights.outcome(settings)
    assert found.state == "failed"
    assert str(tmp_path) not in found.reason
    warned = [r for r in caplog.records if r.name == weights.__name__]
    assert [r.levelno for r in warned] == [logging.WARNING], "told once"


def test_the_hubs_own_cache_is_used(hub: Hub, settings: config.Settings, tiny_clip: Path) -> None:
    """CLIP as another program of this machine fetched it."""
    hub.add(NAME, tiny_clip)
    fetch = "from huggingface_hub import hf_hub_download as get\n" + "\n".join(
        f"get({NAME!r}, {file.name!r})" for file in tiny_clip.iterdir()
    )
    subprocess.run([sys.executable, "-c", fetch], check=True, timeout=DEADLINE, capture_output=True)
    hub.error = 500
    folder = weights.available(settings)
    assert folder is not None
    assert "/snapshots/" in folder
    assert weights.load(settings) is not None


# --- what the hub gives


def test_weights_are_fetched_and_used_without_a_restart(
    hub: Hub, settings: config.Settings, tiny_clip: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (hub_folder := settings.data_dir.parent / "theirs").mkdir()
    shutil.copytree(tiny_clip, hub_folder, dirs_exist_ok=True)
    (hub_folder / "pytorch_model.bin").write_bytes(b"never fetched")
    (hub_folder / "README.md").write_text("never fetched")
    hub.add(NAME, hub_folder)
    assert weights.load(settings) is None
    assert weights.outcome(settings).state == "untried"
    assert tried(settings).state == "ready"
    clip = weights.load(settings)
    assert clip is not None
    assert clip.name == NAME
    fetched = sorted(f"clip/someone--tiny-clip/{file.name}" for file in tiny_clip.iterdir())
    assert left_behind(settings) == fetched, "all of the files that are needed, and no other"
    wait_for(lambda: f"CLIP {NAME} is used" in caplog.text)
    weights.reach_in_background(settings)
    assert len(hub.questions()) == 1


def test_the_defaults_weights_are_those_of_the_hubs_conversion(
    hub: Hub, settings: config.Settings, tiny_clip: Path, tmp_path: Path
) -> None:
    """As on the real hub: main has pickled weights only, and one commit the same as safetensors."""
    pickled = shutil.copytree(tiny_clip, tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    commit = weights.revisions(DEFAULT)[0]
    assert re.fullmatch("[0-9a-f]{40}", commit), "others could change what a branch holds"
    hub.add(DEFAULT, pickled)
    hub.add(DEFAULT, tiny_clip, revision=commit, commit=commit)
    settings = replace(settings, clip_model=DEFAULT)
    assert tried(settings).state == "ready"
    assert weights.load(settings) is not None


def test_main_is_asked_when_the_conversion_is_gone(
    hub: Hub, settings: config.Settings, tiny_clip: Path
) -> None:
    hub.add(DEFAULT, tiny_clip)
    assert tried(replace(settings, clip_model=DEFAULT)).state == "ready"


def test_pickled_weights_are_not_fetched(
    hub: Hub, settings: config.Settings, tiny_clip: Path, tmp_path: Path
) -> None:
    pickled = shutil.copytree(tiny_clip, tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    hub.add(NAME, pickled)
    assert "no safetensors weights" in tried(settings).reason
    assert left_behind(settings) == []


def test_a_download_that_breaks_off_leaves_nothing(
    hub: Hub, settings: config.Settings, tiny_clip: Path
) -> None:
    hub.add(NAME, tiny_clip)
    hub.short = 1000
    assert "broke off" in tried(settings).reason
    assert weights.load(settings) is None
    assert left_behind(settings) == []


def test_a_disk_that_cannot_be_written_is_named(
    hub: Hub, settings: config.Settings, tiny_clip: Path
) -> None:
    hub.add(NAME, tiny_clip)
    settings.data_dir.mkdir()
    (settings.data_dir / "clip").write_text("a file where the folder should be")
    found = tried(settings)
    assert "cannot be stored" in found.reason
    assert str(settings.data_dir) not in found.reason


@pytest.mark.parametrize(
    ("status", "reason"), [(503, r"error \(503\)"), (429, r"error \(429\)"), (401, "login")]
)
def test_an_error_of_the_hub_is_named(
    hub: Hub, settings: config.Settings, status: int, reason: str
) -> None:
    if status == 401:  # what it says of models that it does not have
        assert hub.models == {}
    else:
        hub.error = status
    assert re.search(reason, tried(settings).reason)


def test_the_hub_can_be_switched_off(
    hub: Hub, settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE" in tried(settings).reason
    assert hub.asked == []


# --- what the hub does not give


def test_a_hub_that_refuses_is_known_at_once(
    hub: Hub,
    settings: config.Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
    before = time.monotonic()
    found = tried(settings)
    assert time.monotonic() - before < settings.clip_reach_seconds / 2
    assert found.state == "failed"
    assert found.reason == "the model hub cannot be reached"
    assert "ConnectError" in found.detail
    wait_for(lambda: "CLIP is not used: the model hub cannot be reached" in caplog.text)


@pytest.mark.serial
@pytest.mark.parametrize("answer", [silent, dripping])
def test_a_hub_that_does_not_answer_is_given_up_and_holds_nothing_up(
    hub: Hub,
    settings: config.Settings,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[socket.socket, threading.Event], None],
) -> None:
    settings = replace(settings, clip_reach_seconds=1.5)
    with listener(answer) as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        before = time.monotonic()
        weights.reach_in_background(settings)
        assert time.monotonic() - before < 0.2
        assert weights.load(settings) is None
        wait_for(lambda: weights.outcome(settings).state == "trying")
        found = tried(settings)
        took = time.monotonic() - before
    assert found.reason == "the model hub did not answer within 1.5 s"
    assert 1.5 < took < 10


def test_what_was_found_is_remembered_for_a_day(hub: Hub, settings: config.Settings) -> None:
    hub.error = 503
    assert abs((tried(settings).tried or 0) - time.time()) < DEADLINE
    for _ in range(3):
        assert not weights.is_due(settings)
        weights.reach_in_background(settings)
    assert len(hub.questions()) == 1
    age(settings, 23 * 3600)
    assert not weights.is_due(settings)
    age(settings, 2 * 3600)
    assert weights.is_due(settings)
    age(settings, -26 * 3600)
    assert weights.is_due(settings), "it was found in the future"
    tried(settings)
    assert not weights.is_due(settings)
    assert len(hub.questions()) == 2


def age(settings: config.Settings, seconds: float) -> None:
    record = settings.data_dir / "clip.json"
    found = json.loads(record.read_text())
    record.write_text(json.dumps({**found, "time": found["time"] - seconds}))


def test_another_model_is_another_matter(
    hub: Hub, settings: config.Settings, tiny_clip: Path
) -> None:
    hub.add("someone/other-clip", tiny_clip)
    assert tried(settings).state == "failed"
    assert tried(replace(settings, clip_model="someone/other-clip")).state == "ready"


@pytest.mark.parametrize("record", ["", "{", "[]", "{}", '{"model": "someone/tiny-clip"}', "null"])
def test_a_damaged_record_counts_as_none(
    hub: Hub, settings: config.Settings, tiny_clip: Path, record: str
) -> None:
    settings.data_dir.mkdir()
    (settings.data_dir / "clip.json").write_text(record)
    assert weights.outcome(settings).state == "untried"
    assert weights.is_due(settings)


# --- one try, and its end


Child = Callable[[config.Settings], subprocess.Popen[bytes]]


@pytest.fixture
def child() -> Iterator[Child]:
    """Starts a try as another process of the program does."""
    with ExitStack() as stack:

        def start(settings: config.Settings) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, "-m", "har.models.zero_shot.reach"],
                cwd=config.ROOT,
                env=weights._environment(settings),
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start


def test_two_processes_make_one_try(hub: Hub, settings: config.Settings, child: Child) -> None:
    hub.answering.clear()
    first = child(settings)
    wait_for(lambda: hub.questions())
    second = child(settings)
    assert second.wait(DEADLINE) == 0, "it leaves the field to the first"
    hub.answering.set()
    assert first.wait(DEADLINE) == 0
    assert len(hub.questions()) == 1
    assert child(settings).wait(DEADLINE) == 0
    assert len(hub.questions()) == 1, "a third one finds what the first found"


def test_many_threads_start_one_child(hub: Hub, settings: config.Settings) -> None:
    hub.answering.clear()
    before = {p.pid for p in psutil.Process().children()}
    threads = [
        threading.Thread(target=weights.reach_in_background, args=(settings,)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({p.pid for p in psutil.Process().children()} - before) == 1
    hub.answering.set()


def test_the_lock_of_a_killed_child_does_not_stay(
    hub: Hub, settings: config.Settings, child: Child
) -> None:
    hub.answering.clear()
    killed = child(settings)
    wait_for(lambda: hub.questions())
    assert weights.outcome(settings).state == "trying"
    killed.kill()
    killed.wait()
    assert weights.outcome(settings).state == "untried"
    hub.answering.set()
    assert tried(settings).state == "failed"
    assert len(hub.questions()) == 2


_PROGRAM = """
import sys
import config
from har.models.zero_shot import weights
weights.reach_in_background(config.load())
print(weights._child.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("end", ["exits", "is killed"])
def test_the_child_ends_when_the_program(
    hub: Hub, settings: config.Settings, tiny_clip: Path, end: str
) -> None:
    """In the middle of a download, of which nothing stays."""
    hub.add(NAME, tiny_clip)
    hub.stall = True
    program = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM],
        cwd=config.ROOT,
        env=weights._environment(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert program.stdin is not None
    assert program.stdout is not None
    with program:
        pid = int(program.stdout.readline())
        assert os.getpgid(pid) == pid, "an interrupt from the keyboard does not reach it"
        wait_for(lambda: any(x.startswith("GET /storage/") for x in hub.asked))
        assert left_behind(settings) != []
        if end == "exits":
            program.stdin.close()
            assert program.wait(DEADLINE) == 0
            assert not psutil.pid_exists(pid)
        else:
            os.kill(program.pid, signal.SIGKILL)
            program.wait()
    wait_for(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie")
    assert left_behind(settings) == []
    assert weights.outcome(settings).state == "untried", "so the next start tries again"


def test_what_a_killed_child_left_is_cleared_by_the_next(
    hub: Hub, settings: config.Settings, tiny_clip: Path, child: Child
) -> None:
    hub.add(NAME, tiny_clip)
    hub.stall = True
    killed = child(settings)
    wait_for(lambda: any(x.startswith("GET /storage/") for x in hub.asked))
    killed.kill()
    killed.wait()
    assert any(".partial/" in file for file in left_behind(settings))
    assert weights.load(settings) is None
    hub.stall = False
    assert tried(settings).state == "ready"
    assert not any(".partial/" in file for file in left_behind(settings))
