"""What a child that is shut up can see and reach."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from config import ROOT, Settings
from har.media import child, ffmpeg, sandbox

pytestmark = pytest.mark.usefixtures("bubblewrap")


def told(code: str, **options: Any) -> Any:
    """The JSON that a child prints."""
    argv = [sys.executable, "-c", f"import json, os, socket, sys\n{code}"]
    return json.loads(child.run(argv, timeout=20, **options))


def outcome(action: str) -> str:
    """A script that tells the error of an action, or that it was done."""
    return (
        f"try:\n    {action}\nexcept OSError as error:\n    print(json.dumps(error.strerror))\n"
        "else:\n    print(json.dumps('done'))"
    )


def test_only_the_files_that_it_is_given_are_there(tmp_path: Path) -> None:
    given, other = tmp_path / "given", tmp_path / "other"
    given.write_text("given")
    other.write_text("other")
    code = f"print(json.dumps([open('{given}').read(), sorted(os.listdir('{tmp_path}'))]))"
    assert told(code, reads=[given]) == ["given", ["given"]]


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/home", "/var", "/proc/self", ROOT / ".git", ROOT / "var"]
)
def test_files_of_this_machine_are_not_there(path: str | Path) -> None:
    assert told(f"print(json.dumps(os.path.exists('{path}')))") is False


def test_what_is_given_cannot_be_changed(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.write_text("given")
    error = told(outcome(f"open('{given}', 'a')"), reads=[given], file_size=100)
    assert error == "Read-only file system"
    assert given.read_text() == "given"


def test_a_device_that_is_given_can_be_read() -> None:
    """As a camera is, which bare mounts of a sandbox do not let."""
    code = "print(json.dumps(len(open('{}', 'rb').read(4))))"
    assert told(code.format("/dev/full"), reads=[Path("/dev/full")]) == 4
    assert told("print(json.dumps(os.path.exists('/dev/full')))") is False


def test_it_writes_in_its_folder_alone(tmp_path: Path) -> None:
    own, beside = tmp_path / "own", tmp_path / "beside"
    own.mkdir()
    beside.mkdir()
    options = {"writes": own, "file_size": 100}
    assert told(outcome(f"open('{own}/a', 'w').write('a')"), **options) == "done"
    assert (own / "a").read_text() == "a"
    assert "No such file" in told(outcome(f"open('{beside}/a', 'w')"), **options)
    for place in ("/a", "/tmp/a", f"{tmp_path}/a", f"{sys.prefix}/a"):
        assert told(outcome(f"open('{place}', 'w')"), **options) != "done"
    assert list(beside.iterdir()) == []


def test_no_address_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connect = f"socket.create_connection(('{{}}', {port}), 5)"
        assert told(outcome(connect.format("127.0.0.1"))) == "Connection refused"
        for address in ("192.0.2.1", "169.254.169.254", "10.0.0.1", "2001:db8::1"):
            assert told(outcome(connect.format(address))) == "Network is unreachable"


def test_sockets_of_this_machine_cannot_be_reached(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        connect = f"socket.socket(socket.AF_UNIX).connect('{path}')"
        assert "No such file" in told(outcome(connect))
        abstract = f"socket.socket(socket.AF_UNIX).connect('\\0har-{os.getpid()}')"
        with socket.socket(socket.AF_UNIX) as hidden:
            hidden.bind(f"\0har-{os.getpid()}")
            hidden.listen()
            assert told(outcome(abstract)) == "Connection refused"


def test_no_other_process_is_in_sight() -> None:
    assert told(outcome(f"os.kill({os.getpid()}, 0)")) == "No such process"


def test_it_has_no_rights_and_can_gain_none() -> None:
    code = "import ctypes; print(json.dumps(ctypes.CDLL(None).prctl(39, 0, 0, 0, 0)))"
    assert told(code) == 1
    assert told(outcome("os.chroot('/usr')")) == "Operation not permitted"


def test_a_socket_may_be_handed_out() -> None:
    """The one way to the network that a download has: its parent takes what it hands out."""
    ours, theirs = socket.socketpair()
    code = (
        "s = socket.create_server(('127.0.0.1', 0))\n"
        f"socket.send_fds(socket.socket(fileno={theirs.fileno()}), [b'x'], [s.fileno()])\n"
        "with socket.create_connection(s.getsockname()) as c: print(json.dumps(c.recv(9).decode()))"
    )
    argv = [sys.executable, "-c", f"import json, socket\n{code}"]
    with ours, theirs, child.start(argv, pass_fds=[theirs.fileno()], timeout=20) as running:
        _, fds, _, _ = socket.recv_fds(ours, 1, 1)
        with socket.socket(fileno=fds[0]) as listener:
            accepted, _ = listener.accept()
            with accepted:
                accepted.sendall(b"hello")
        assert json.loads(running.stdout.read()) == "hello"


def test_our_ffmpeg_runs_in_it(settings: Settings) -> None:
    assert sandbox.confines(ffmpeg.executable(settings))


def test_a_program_that_cannot_run_in_it_is_told(tmp_path: Path) -> None:
    """Such as one whose libraries lie where nobody looks for them."""
    elsewhere = tmp_path / "interpreter"
    elsewhere.symlink_to(sys.executable)
    program = tmp_path / "bin" / "program"
    program.parent.mkdir()
    program.write_text(f"#!{elsewhere}\nprint('here')\n")
    program.chmod(0o755)
    assert not sandbox.confines(str(program))
    assert child.run([str(program)], timeout=20) == b"here\n"


def test_without_bubblewrap_nothing_is_confined(without_bubblewrap: None) -> None:
    assert sandbox.program() is None
    assert sandbox.confined(["ffmpeg"], (), None, "/") is None
