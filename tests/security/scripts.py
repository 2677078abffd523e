"""Files that name other files, of every kind that ffmpeg has a reader for."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.security.containers import boxes, elements


def playlist(segment: str) -> str:
    """HLS (RFC 8216) with one segment of two seconds."""
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{segment}\n#EXT-X-ENDLIST\n"


def master(variant: str) -> str:
    return f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\n{variant}\n"


def dash(segment: str) -> str:
    return f"""<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S"
 profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4">
<Representation id="1" bandwidth="1000"><BaseURL>{segment}</BaseURL></Representation>
</AdaptationSet></Period></MPD>
"""


def sdp() -> str:
    """A session that is received from the network."""
    return (
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    )


def sami(name: str) -> str:
    return f'<SAMI><BODY><SYNC Start=0><P><IMG SRC="{name}">{name}</P></SYNC></BODY></SAMI>\n'


def index() -> str:
    """VobSub: its pictures are in the file that is called the same, with .sub."""
    return "# VobSub index file, v7 (do not modify this line!)\nsize: 64x48\nid: en, index: 0\n" + (
        "timestamp: 00:00:00:000, filepos: 000000000\n"
    )


def texts(canary: Path) -> dict[str, str]:
    """Scripts by their kinds. Those with a relative name mean the canary beside them."""
    name = canary.name
    return {
        "hls absolute": playlist(str(canary)),
        "hls relative": playlist(name),
        "hls up and down": playlist(f"../{canary.parent.name}/{name}"),
        "hls file url": playlist(f"file://{canary}"),
        "hls http": playlist(f"http://127.0.0.1:9/{name}"),
        "hls concat": playlist(f"concat:{canary}|{canary}"),
        "hls crypto": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{canary}"\n#EXTINF:2,\n{name}\n',
        "hls master": master(name),
        "hls map": f'#EXTM3U\n#EXT-X-MAP:URI="{canary}"\n#EXTINF:2,\n{name}\n#EXT-X-ENDLIST\n',
        "concat relative": f"ffconcat version 1.0\nfile {name}\n",
        "concat absolute": f"ffconcat version 1.0\nfile '{canary}'\n",
        "concat stream": f"ffconcat version 1.0\nstream\nfile {name}\ninpoint 0\n",
        "dash": dash(f"file://{canary}"),
        "dash relative": dash(name),
        "sdp": sdp(),
        "sami": sami(str(canary)),
        "index": index(),
        "ass": f"[Script Info]\nScriptType: v4.00+\n[Fonts]\nfontname: {canary}\n[Events]\n",
        "subrip": f"1\n00:00:00,000 --> 00:00:02,000\n{canary}\n",
        "webvtt": f"WEBVTT\n\n00:00.000 --> 00:02.000\n{canary}\n",
        "asx": f'<ASX VERSION="3.0"><ENTRY><REF HREF="{canary}"/></ENTRY></ASX>\n',
        "xspf": f'<?xml version="1.0"?>\n<playlist><track><location>{canary}</location></track>',
        "svg": f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{canary}"/></svg>\n',
        "pls": f"[playlist]\nFile1={canary}\nNumberOfEntries=1\n",
        "path": f"{canary}\n",
    }


def with_references(video: bytes, entries: bytes) -> bytes:
    """A copy of an MP4 file whose first track keeps its data where the entries of ``dref`` say."""
    references = next(b for b in boxes(video) if video[b.start + 4 : b.body] == b"dref")
    content = struct.pack(">4xI", 1) + entries
    box = struct.pack(">I4s", 8 + len(content), b"dref") + content
    grown = bytearray(video[: references.start] + box + video[references.end :])
    for holder in boxes(video):
        if holder.start < references.start and holder.end >= references.end:
            size = holder.end - holder.start + len(box) - (references.end - references.start)
            struct.pack_into(">I", grown, holder.start, size)
    return bytes(grown)


def url_entry(location: str) -> bytes:
    content = location.encode() + b"\0"
    return struct.pack(">I4sI", 12 + len(content), b"url ", 0) + content


def alias_entry(path: Path, *, beside: bool, flags: int = 0) -> bytes:
    """QuickTime's: a file in the same folder, or by its absolute path."""
    name, levels = path.name.encode(), (1, 1) if beside else (0, 0)
    content = bytes(10) + struct.pack(">B27x12xB63s16xHH16x", 0, len(name), name, *levels)
    for kind, text in ((0, path.parent.name.encode()), (2, str(path).encode())):
        content += struct.pack(">HH", kind, len(text)) + text + bytes(len(text) % 2)
    content += struct.pack(">hH", -1, 0)
    return struct.pack(">I4sI", 12 + len(content), b"alis", flags) + content


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def avi_with_subtitle(script: str, picture: bytes, side: int = 16) -> bytes:
    """Ten raw pictures and a subtitle track with a script in it, as GAB2 packs subtitles."""
    size = len(picture)
    head = struct.pack("<14I", 100_000, 0, 0, 0x10, 10, 0, 2, size, side, side, 0, 0, 0, 0)
    form = struct.pack("<IiiHH4s5I", 40, side, side, 1, 24, bytes(4), size, 0, 0, 0, 0)
    shown = struct.pack("<4s4sIHHIIIIIIII8x", b"vids", bytes(4), 0, 0, 0, 0, 1, 10, 0, 10, 0, 0, 0)
    text = struct.pack("<4s4sIHHIIIIIIII8x", b"txts", bytes(4), 0, 0, 0, 0, 1, 10, 0, 10, 0, 0, 0)
    tracks = _chunk(b"LIST", b"strl" + _chunk(b"strh", shown) + _chunk(b"strf", form))
    tracks += _chunk(b"LIST", b"strl" + _chunk(b"strh", text) + _chunk(b"strf", b""))
    packed = b"GAB2\0" + struct.pack("<HI", 2, 4) + "x\0".encode("utf-16-le")
    packed += struct.pack("<HI", 4, len(script)) + script.encode()
    movie = _chunk(b"01tx", packed) + _chunk(b"00db", picture) * 10
    headers = _chunk(b"LIST", b"hdrl" + _chunk(b"avih", head) + tracks)
    return _chunk(b"RIFF", b"AVI " + headers + _chunk(b"LIST", b"movi" + movie))


def with_links(video: bytes, name: str) -> bytes:
    """A copy of a Matroska file that says which files come before and after it (RFC 9559, 17)."""
    links = b"".join(
        identity + (0x4000 | len(content)).to_bytes(2) + content
        for identity, content in (
            (b"\x3c\x83\xab", name.encode()),
            (b"\x3e\x83\xbb", name.encode()),
            (b"\x3e\xb9\x23", bytes(range(16))),
        )
    )
    info = next(e for e in elements(video) if video[e.start : e.start + 4] == b"\x15\x49\xa9\x66")
    grown = bytearray(video[: info.end] + links + video[info.end :])
    for holder in elements(video):
        if holder.start <= info.start and holder.end >= info.end:
            width = holder.size.stop - holder.size.start
            size = holder.end - holder.body + len(links)
            grown[holder.size] = (size | 1 << 7 * width).to_bytes(width)
    return bytes(grown)
