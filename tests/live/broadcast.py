"""Servers on the loopback address whose streams can be cut: MPEG-TS over HTTP, H.264 over RTSP."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import config
from har.media import ffmpeg
from tests.live import logins
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


Opened = AbstractContextManager[Channel]


@contextmanager
def http(video: Path, asks: str = "", tls: ssl.SSLContext | None = None) -> Iterator[Channel]:
    """For those who log in by ``asks``, a key of logins.CHALLENGES; the link has what it takes."""
    channel = Channel(video)

    def answer(request: BaseHTTPRequestHandler) -> None:
        channel.connections += 1
        if channel.away:
            request.send_error(503)
            return
        if asks and not logins.is_ours(request.headers.get("Authorization", ""), "GET"):
            request.send_response(401)
            request.send_header("WWW-Authenticate", logins.CHALLENGES[asks])
            request.end_headers()
            return
        request.send_response(200)
        request.send_header("Content-Type", "video/mp2t")
        request.end_headers()
        with channel.sending("-f", "mpegts", "pipe:1") as sender:
            assert sender.stdout is not None
            while data := sender.stdout.read1(65536):  # type: ignore[attr-defined]
                request.wfile.write(data)

    with Site(tls=tls) as site:
        site.routes["/live.ts"] = answer
        channel.url = _link("https" if tls else "http", asks, site.port, "live.ts")
        yield channel
        channel.end()


def _link(scheme: str, asks: str, port: int, page: str) -> str:
    return f"{scheme}://{logins.IN_LINKS if asks else ''}127.0.0.1:{port}/{page}"


@contextmanager
def rtsp(video: Path, asks: str = "") -> Iterator[Channel]:
    """A server of RTSP 1.0 (RFC 2326) with the packets in the same connection; else as http()."""
    channel = Channel(video)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        channel.url = _link("rtsp", asks, listener.getsockname()[1], "live")
        thread = threading.Thread(target=_accept, args=(listener, channel, asks), daemon=True)
        thread.start()
        yield channel
        channel.end()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def _accept(listener: socket.socket, channel: Channel, asks: str) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_serve, args=(client, channel, asks), daemon=True).start()


def _serve(client: socket.socket, channel: Channel, asks: str) -> None:
    channel.connections += 1
    with client, client.makefile("rwb") as lines, suppress(ConnectionError):
        while not channel.away and (request := lines.readline()):
            method = request.split()[0].decode()
            headers = dict(_headers(lines))
            status, extra, body = "200 OK", *_answer(method)
            # As cameras do, which tell everybody what they can.
            if (
                asks
                and method != "OPTIONS"
                and not logins.is_ours(headers.get("authorization", ""), method)
            ):
                challenge = f"WWW-Authenticate: {logins.CHALLENGES[asks]}\r\n"
                status, extra, body = "401 Unauthorized", challenge, ""
            head = f"RTSP/1.0 {status}\r\nCSeq: {headers['cseq']}\r\n{extra}\r\n"
            lines.write(f"{head}{body}".encode())
            lines.flush()
            if method == "PLAY" and status == "200 OK":
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
