"""Servers on the loopback address whose streams can be cut: MPEG-TS over HTTP, H.264 over RTSP."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import config
from har.media import ffmpeg
from tests.media.site import Site
from tests.serving import eventually

_H264 = (
    *("-an", "-vf", "scale=160:120,fps=16", "-c:v", "libx264", "-preset", "ultrafast"),
    *("-tune", "zerolatency", "-g", "8", "-pix_fmt", "yuv420p"),
)
_SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\n"
    "a=control:track\r\n"
)
_LONGEST_PACKET = 65536


class Channel:
    """A video that is sent over and over, at its own speed, to each who connects."""

    url: str

    def __init__(self, video: Path) -> None:
        self.connections = 0
        self.away = False
        """Whether those who connect are sent away."""
        self._video = video
        self._senders: list[subprocess.Popen[bytes]] = []

    def cut(self) -> None:
        """End what is being sent; who connects anew gets it again."""
        for sender in list(self._senders):
            sender.kill()

    def end(self) -> None:
        self.away = True

        def ended() -> bool:
            self.cut()
            return not self._senders

        eventually(ended, "the end of what is sent", 20)

    @contextmanager
    def sending(self, *output: str) -> Iterator[subprocess.Popen[bytes]]:
        """An ffmpeg that sends the video."""
        program = ffmpeg.executable(config.Settings())
        looped = ("-re", "-stream_loop", "-1", "-i", str(self._video))
        argv = [program, "-v", "error", "-nostdin", *looped, *_H264, *output]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as sender:
            self._senders.append(sender)
            try:
                yield sender
            finally:
                sender.kill()
                sender.wait()
                self._senders.remove(sender)


@contextmanager
def http(video: Path) -> Iterator[Channel]:
    channel = Channel(video)

    def answer(request: BaseHTTPRequestHandler) -> None:
        channel.connections += 1
        if channel.away:
            request.send_error(503)
            return
        request.send_response(200)
        request.send_header("Content-Type", "video/mp2t")
        request.end_headers()
        with channel.sending("-f", "mpegts", "pipe:1") as sender:
            assert sender.stdout is not None
            while data := sender.stdout.read1(65536):  # type: ignore[attr-defined]
                request.wfile.write(data)

    with Site() as site:
        site.routes["/live.ts"] = answer
        channel.url = f"{site.url}/live.ts"
        yield channel
        channel.end()


@contextmanager
def rtsp(video: Path) -> Iterator[Channel]:
    """A server of RTSP 1.0 (RFC 2326) with the packets in the same connection."""
    channel = Channel(video)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        channel.url = f"rtsp://127.0.0.1:{listener.getsockname()[1]}/live"
        thread = threading.Thread(target=_accept, args=(listener, channel), daemon=True)
        thread.start()
        yield channel
        channel.end()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def _accept(listener: socket.socket, channel: Channel) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_serve, args=(client, channel), daemon=True).start()


def _serve(client: socket.socket, channel: Channel) -> None:
    channel.connections += 1
    with client, client.makefile("rwb") as lines, suppress(ConnectionError):
        while not channel.away and (request := lines.readline()):
            method = request.split()[0].decode()
            headers = dict(_headers(lines))
            extra, body = _answer(method)
            lines.write(f"RTSP/1.0 200 OK\r\nCSeq: {headers['cseq']}\r\n{extra}\r\n{body}".encode())
            lines.flush()
            if method == "PLAY":
                _send(client, channel)
                return


def _headers(lines: socket.SocketIO) -> Iterator[tuple[str, str]]:
    while line := lines.readline().decode().strip():
        name, _, value = line.partition(":")
        yield name.lower(), value.strip()


def _answer(method: str) -> tuple[str, str]:
    """More headers, and the body."""
    if method == "DESCRIBE":
        return f"Content-Type: application/sdp\r\nContent-Length: {len(_SDP)}\r\n", _SDP
    if method == "OPTIONS":
        return "Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n", ""
    return "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n", ""


def _send(client: socket.socket, channel: Channel) -> None:
    """Pass the packets of ffmpeg on until it ends, or nobody takes them any more."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets:
        packets.bind(("127.0.0.1", 0))
        packets.settimeout(0.2)
        port = packets.getsockname()[1]
        repeated = ("-bsf:v", "dump_extra=freq=keyframe")
        with channel.sending(*repeated, "-f", "rtp", f"rtp://127.0.0.1:{port}") as sender:
            while sender.poll() is None:
                with suppress(TimeoutError):
                    packet = packets.recv(_LONGEST_PACKET)
                    client.sendall(b"$\x00" + len(packet).to_bytes(2, "big") + packet)
