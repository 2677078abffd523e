"""The little Markdown that the API's descriptions have, as HTML.

Paragraphs, lists, code and links are all there is; of a Markdown library, most would have to be
turned off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from markupsafe import Markup

_BULLET = "- "
_SPAN = re.compile(
    r"`(?P<code>[^`]+)`|\[(?P<words>[^]]+)\]\((?P<address>https://[^)\s]+)\)|.[^`[]*"
)


def prose(text: str) -> Markup:
    """Paragraphs, one for each line, and lists of the lines that begin with ``- ``."""
    lines = (line.strip() for line in text.splitlines())
    blocks = groupby(filter(None, lines), lambda line: line.startswith(_BULLET))
    return Markup().join(
        _list(block) if is_list else _paragraphs(block) for is_list, block in blocks
    )


def spans(text: str) -> Markup:
    """Text with its code spans and links."""
    return Markup().join(_span(match) for match in _SPAN.finditer(text))


def _span(match: re.Match[str]) -> Markup:
    if found := match["code"]:
        return code(found)
    if match["address"]:
        return Markup('<a href="{}">{}</a>').format(match["address"], match["words"])
    return Markup.escape(match[0])


def code(text: str) -> Markup:
    return Markup("<code>{}</code>").format(text)


def _paragraphs(lines: Iterable[str]) -> Markup:
    return Markup().join(Markup("<p>{}</p>").format(spans(line)) for line in lines)


def _list(lines: Iterable[str]) -> Markup:
    items = (Markup("<li>{}</li>").format(spans(line.removeprefix(_BULLET))) for line in lines)
    return Markup("<ul>{}</ul>").format(Markup().join(items))
