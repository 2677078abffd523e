"""The keys of those who send videos, in the database that all webs share.

Of a key only its SHA-256 is stored. A slow hash would add nothing: a key is 256 random bits, which
nobody can guess, however fast they try.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence

import limits
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from har.errors import BadOption, NotFound
from har.jobs.tables import Key, now

_KEY = re.compile(r"har_[\w-]{43}", re.ASCII)
_NAME = re.compile(r"[\w.-]{1,64}", re.ASCII)


def add(engine: sa.Engine, name: str, rate: str | None) -> str:
    """A new key, which cannot be told again. ``rate`` is how many videos may be sent with it.

    Raises BadOption for a name or a rate that cannot be used, and for a name that has a key.
    """
    if not _NAME.fullmatch(name):
        raise BadOption("A key's name is 1 to 64 letters, digits, dots, hyphens or underscores.")
    if rate is not None and not is_rate(rate):
        raise BadOption(f"A rate is like 120/minute or 5/second;1000/day, not '{rate}'.")
    text = f"har_{secrets.token_urlsafe(32)}"
    key = sa.insert(Key).values(name=name, digest=_digest(text), rate=rate, created=now())
    try:
        with Session(engine) as session, session.begin():
            session.execute(key)
    except IntegrityError:
        raise BadOption(
            f"There is a key {name} already. Remove it first, or choose a name."
        ) from None
    return text


def remove(engine: sa.Engine, name: str) -> None:
    """Let a key be good for nothing from now on. Raises NotFound."""
    with Session(engine) as session, session.begin():
        removed = session.execute(sa.delete(Key).where(Key.name == name).returning(Key.name)).all()
    if not removed:
        raise NotFound(f"There is no key {name}. `python -m har keys list` tells which there are.")


def all_of(engine: sa.Engine) -> Sequence[Key]:
    """All keys, by name."""
    with Session(engine) as session:
        return session.scalars(sa.select(Key).order_by(Key.name)).all()


def find(engine: sa.Engine, text: str) -> Key | None:
    """What is known of a key; None where it is not one of ours."""
    if not _KEY.fullmatch(text):
        return None
    digest = _digest(text)
    with Session(engine) as session:
        key = session.scalar(sa.select(Key).where(Key.digest == digest))
    # How a database compares is its own affair; this takes the same time for any two digests.
    return key if key is not None and hmac.compare_digest(key.digest, digest) else None


def is_rate(text: str) -> bool:
    """Whether a text is a rate, such as ``120/minute`` or ``5/second;1000/day``."""
    try:
        rates = limits.parse_many(text)
    except ValueError:
        return False
    return bool(rates) and all(rate.amount >= 1 for rate in rates)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
