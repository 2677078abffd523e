"""A client of ``/live``, and the pictures of a video as browsers would send them."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
from websockets.sync.client import ClientConnection, connect

from tests.serving import PATIENCE

HELLO = {"width": 320, "height": 240, "options": {}}
Pictures = list[tuple[float, bytes]]


def pictures(path: Path, fps: float = 12.5, seconds: float = 60.0) -> Pictures:
    """Moments and JPEGs of a video's frames nearest to a constant rate."""
    found: Pictures = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            moment = len(found) / fps
            if moment >= seconds:
                break
            if frame.time is not None and frame.time >= moment - 0.02:
                file = io.BytesIO()
                frame.to_image().save(file, "JPEG", quality=90)
                found.append((moment, file.getvalue()))
    return found


def batch(some: Pictures) -> bytes:
    """A message of frames."""
    return b"\x01" + b"".join(struct.pack(">dI", m, len(data)) + data for m, data in some)


class Live:
    """A stream that was begun, and all that was answered."""

    def __init__(self, socket: ClientConnection, **hello: Any) -> None:
        self._socket = socket
        self.heard: list[dict[str, Any]] = []
        socket.send(json.dumps({**HELLO, **hello}))
        self.first = self.hear()

    @property
    def job(self) -> str:
        return str(self.first["job"])

    def hear(self) -> dict[str, Any]:
        """The next message."""
        message: dict[str, Any] = json.loads(self._socket.recv(PATIENCE))
        self.heard.append(message)
        return message

    def show(self, some: Pictures) -> None:
        """Send pictures as fast as they are taken, each in a batch of its own."""
        for each in some:
            self.send(batch([each]))
            while self.hear()["type"] != "taken":
                pass

    def send(self, message: bytes | str) -> None:
        self._socket.send(message)

    def rest(self) -> list[dict[str, Any]]:
        """All that is answered until the server closes, after what was heard before."""
        self.heard += map(json.loads, self._socket)
        return self.heard

    def stop(self) -> list[dict[str, Any]]:
        """All that was answered, to the end."""
        self.send('{"type": "stop"}')
        return self.rest()


@contextmanager
def going_live(url: str, headers: dict[str, str] | None = None, **hello: Any) -> Iterator[Live]:
    """A stream on the service at ``url``; ``hello`` are members of its first message."""
    address = url.replace("http", "ws", 1) + "/live"
    with connect(address, additional_headers=headers, max_size=None) as socket:
        yield Live(socket, **hello)


def answers(heard: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The segments among messages."""
    return [message["segment"] for message in heard if message["type"] == "answer"]
