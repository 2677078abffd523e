"""With which errors the views may answer, by what they do."""

from __future__ import annotations

from har import errors
from har.errors import HarError

ANY = {
    errors.RequestError,
    errors.BadHost,
    errors.KeyWrong,
    errors.TooSlow,
    errors.TooLarge,
    errors.RecordsAway,
    errors.InternalError,
}
LONG = {*ANY, errors.Busy, errors.TooManyRequests}
"""Of what may hold a thread for long."""

JOB = {*LONG, errors.NotFound}
UPLOAD = {*ANY, errors.NotFound, errors.TusVersion}
SENT = {
    *LONG,
    errors.NoSource,
    errors.TwoSources,
    errors.BadOption,
    errors.BadLabels,
    errors.UrlError,
    errors.KeyNeeded,
    errors.CrossSite,
    errors.KeyReused,
    errors.NotFound,
    errors.Unfinished,
    errors.UploadUsed,
    errors.QueueFull,
    errors.DiskFull,
}


def _with_those_below(error: type[HarError]) -> set[type[HarError]]:
    return {error}.union(*(_with_those_below(below) for below in error.__subclasses__()))


UNUSABLE = _with_those_below(errors.MediaError) - {errors.MediaError}
WAITED = {
    *UNUSABLE,
    *_with_those_below(errors.UrlError),
    errors.TookTooLong,
    errors.Interrupted,
    errors.WorkerUnavailable,
    errors.Restarting,
    errors.ToolMissing,
    errors.ModelMissing,
    errors.CheckpointError,
}
"""Of the work, and of waiting for it."""
