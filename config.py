"""Every setting once: name, default, unit, environment variable and one line of help.

The variable of a setting is ``HAR_`` and its name in capitals, so ``port`` is ``HAR_PORT``.
``docs/settings.md`` is made from this table by ``make docs``.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from har.errors import ConfigError

ROOT = Path(__file__).resolve().parent


def _setting(default: Any, help: str, *, unit: str = "", low: float | None = None) -> Any:
    return field(default=default, metadata={"help": help, "unit": unit, "low": low})


@dataclass(frozen=True)
class Settings:
    """The program's settings; make one with :func:`load`."""

    host: str = _setting("127.0.0.1", "Address the service listens on")
    port: int = _setting(5000, "Port the service listens on; 0 takes any free one", low=0)
    web_threads: int = _setting(64, "Requests served at once, waiting ones included", low=1)
    trusted_proxies: int = _setting(
        0, "Proxies in front of the service whose X-Forwarded-For tells who asks", low=0
    )
    trusted_hosts: str = _setting(
        "",
        "Names that the service answers under, such as har.example.org,.example.net; "
        "empty: all, or this machine's alone where HAR_HOST is",
    )
    require_key: bool = _setting(False, "Take videos only from who has a key of `har keys`")
    rate_limit: str = _setting("120/minute", "Most videos that one address may send")
    data_dir: Path = _setting(ROOT / "var", "Folder of jobs, caches and the queue")
    database_url: str = _setting(
        "",
        "Database of the jobs, such as postgresql://har@db/har; empty: SQLite in the data folder",
    )
    broker_url: str = _setting(
        "", "What carries the jobs to workers, such as redis://cache; empty: the data folder"
    )
    storage_url: str = _setting(
        "", "Where the files of jobs lie: a folder, or s3://bucket/prefix; empty: the data folder"
    )
    max_queued_jobs: int = _setting(100, "Most jobs that may wait at once", low=1)
    max_spool_mb: int = _setting(20_000, "Most that waiting videos may take up", unit="MB", low=1)
    min_free_mb: int = _setting(1000, "Disk space below which no video is taken", unit="MB", low=0)
    keep_hours: float = _setting(168.0, "Time for which ended jobs are kept", unit="h", low=0)
    keep_mb: int = _setting(50_000, "Most that ended jobs may take up", unit="MB", low=0)
    lost_after_seconds: float = _setting(
        15.0, "Silence after which a worker counts as gone", unit="s", low=1
    )
    grace_seconds: float = _setting(
        2.0, "Time to end a job in when told to stop; then it is handed back", unit="s", low=0
    )
    model: str = _setting(
        "",
        "Name of the model that scores clips, of those that `har models` lists; empty: the one of "
        "HAR_CHECKPOINT",
    )
    checkpoint: Path = _setting(
        ROOT / "logs" / "best_model.safetensors", "The trained model that scores clips"
    )
    clip_model: str = _setting(
        "openai/clip-vit-base-patch32",
        "CLIP's name on the model hub, or a local folder; 'off' uses the semantic model",
    )
    clip_reach_seconds: float = _setting(
        10.0, "Time in which the model hub must answer before CLIP is given up", unit="s", low=0
    )
    label_map: str = _setting(
        "", 'JSON file that adds names to the zero-shot vocabulary: {"Label": "a sentence"}'
    )
    ffmpeg: str = _setting("", "The ffmpeg to use; empty: from PATH, else imageio-ffmpeg's")
    threads: int = _setting(0, "Threads of the networks; 0: one per core", low=0)
    max_upload_mb: int = _setting(512, "Largest video, uploaded or fetched", unit="MB", low=1)
    max_duration_seconds: float = _setting(3600.0, "Longest video", unit="s", low=0)
    max_pixels: int = _setting(8_912_896, "Largest picture (width x height)", unit="px", low=1)
    max_fps: float = _setting(240.0, "Highest frame rate", unit="1/s", low=1)
    max_frames: int = _setting(250_000, "Most frames in a video", low=1)
    max_streams: int = _setting(32, "Most tracks in a file: pictures, sounds, subtitles", low=1)
    decoder_memory_mb: int = _setting(
        2048, "Memory that a program may take that opens a video", unit="MB", low=256
    )
    stall_seconds: float = _setting(
        60.0, "Time without a sign of progress after which a decoder is ended", unit="s", low=1
    )
    live_streams: int = _setting(4, "Most live streams that a worker follows; 0: none", low=0)
    live_seconds: float = _setting(14_400.0, "Longest live stream", unit="s", low=1)
    live_host: str = _setting(
        "127.0.0.1",
        "Address at which a worker takes live streams from the web; 0.0.0.0 where that runs on "
        "another machine",
    )
    max_labels: int = _setting(500, "Most labels in one request", low=1)
    fetch_timeout_seconds: float = _setting(600.0, "Longest download of a link", unit="s", low=1)
    job_timeout_seconds: float = _setting(3600.0, "Longest job", unit="s", low=1)
    allow_hosts: str = _setting(
        "", "The only hosts that links may lead to, with those below them: a.org,b.org; empty: any"
    )
    deny_hosts: str = _setting("", "Hosts that links may not lead to, with those below them")
    allow_private_urls: bool = _setting(
        False, "Fetch links to private and loopback addresses (tests, intranets)"
    )


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"HAR_{name.upper()}"


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of an environment.

    Raises ConfigError, naming the variable, for a value of the wrong kind or out of range and for
    a ``HAR_*`` variable that no setting has.
    """
    types = get_type_hints(Settings)
    known = {variable(f.name): f for f in dataclasses.fields(Settings)}
    unknown = sorted(k for k in environ if k.startswith("HAR_") and k not in known)
    if unknown:
        raise ConfigError(f"{unknown[0]} is not a setting; docs/settings.md lists them all.")
    values = {
        f.name: _parse(types[f.name], key, environ[key], f.metadata["low"])
        for key, f in known.items()
        if key in environ
    }
    return Settings(**values)


def _parse(kind: type, key: str, text: str, low: float | None) -> Any:
    if kind is bool:
        if text.lower() not in _BOOLEANS:
            raise ConfigError(f"{key} must be 0 or 1, not '{text}'.")
        return _BOOLEANS[text.lower()]
    try:
        value = kind(text)
    except ValueError:
        raise ConfigError(f"{key} must be of type {kind.__name__}, not '{text}'.") from None
    if low is not None and not value >= low:
        raise ConfigError(f"{key} must be at least {low:g}, not {text}.")
    return value


_BOOLEANS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
