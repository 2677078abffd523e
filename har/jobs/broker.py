"""Celery's file-system broker, with messages that appear and go all at once.

kombu's own writes a message under the name that readers look for. A reader that comes between the
opening and the writing takes an empty file away, and the message is lost. Its reader moves a
message to the folder for temporary files, where it stays if the reader is killed just then.
"""

from __future__ import annotations

import json
import time
import uuid
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem

_WAIT = 0.2


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]
        # Names sort by time, also across restarts of the machine.
        name = f"{time.time_ns()}_{uuid.uuid4()}.{queue}.msg"
        partial = Path(self.data_folder_out, name + ".partial")
        try:
            partial.write_text(json.dumps(payload), "utf-8")
            partial.rename(partial.with_suffix(""))
        except OSError:
            partial.unlink(missing_ok=True)
            raise

    def _queue_bind(self, *_: Any) -> None:
        # Messages go to their queue by its name. kombu's list of who listens is of use to nobody,
        # and one that a full disk has cut short keeps all from starting, for ever.
        pass

    def _get(self, queue: str) -> Any:  # type: ignore[override]
        for path in sorted(Path(self.data_folder_in).glob(f"*.{queue}.msg")):
            with suppress(FileNotFoundError):
                text = path.read_text("utf-8")
                # Of several readers, the one that removes it has it.
                path.unlink()
                return json.loads(text)
        raise Empty


class Transport(filesystem.Transport):
    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None) -> None:  # type: ignore[override]
        # Celery waits 2 s at a time, and only in between sees that it is told to stop.
        wait = min(timeout or _WAIT, _WAIT)
        super().drain_events(connection, timeout=wait)  # type: ignore[no-untyped-call]
