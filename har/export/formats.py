"""The formats in which a result can be taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from har.export import chapters, csv_table, eaf, json_document, srt, vtt
from har.export.view import Result, View


@dataclass(frozen=True)
class Format:
    """A way to write a result."""

    name: str
    """As addresses and the command line have it."""
    title: str
    """As people have it."""
    extension: str
    media_type: str
    write: Callable[[Result, View], str]
    """Makes the text of a file, to be encoded as UTF-8."""
    help: str


FORMATS = {
    format.name: format
    for format in (
        Format(
            "json",
            "JSON",
            ".json",
            "application/json",
            json_document.write,
            "JSON, with all there is",
        ),
        Format(
            "csv",
            "CSV",
            ".csv",
            "text/csv; charset=utf-8; header=present",
            csv_table.write,
            "CSV, for spreadsheets and data frames",
        ),
        Format(
            "vtt",
            "WebVTT",
            ".vtt",
            "text/vtt; charset=utf-8",
            vtt.write,
            "WebVTT captions, for browsers",
        ),
        Format(
            "srt",
            "SRT",
            ".srt",
            "application/x-subrip; charset=utf-8",
            srt.write,
            "SubRip captions, for players and video editors",
        ),
        Format(
            "eaf",
            "ELAN",
            ".eaf",
            "text/x-eaf+xml; charset=utf-8",
            eaf.write,
            "ELAN, for annotators",
        ),
        Format(
            "chapters",
            "YouTube chapters",
            ".txt",
            "text/plain; charset=utf-8",
            chapters.write,
            "YouTube chapters, for a description",
        ),
    )
}
