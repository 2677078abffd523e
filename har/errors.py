"""One tree of errors: each has a stable code, an HTTP status and a sentence that is safe to show.

The sentence never holds a path of this machine; what helps an operator goes to the log instead.
"""

from __future__ import annotations

from typing import ClassVar


class HarError(Exception):
    """Base of all errors that a user may see. Raise a subclass, with the sentence to show."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong on our side"
    passing: ClassVar[bool] = False
    """Whether a second attempt may do better."""

    def __init__(self, detail: str, *, retry_after: int | None = None) -> None:
        """``retry_after`` is in how many seconds it is worth another try, where that is known."""
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


class InternalError(HarError):
    """A fault of ours; the log has the particulars."""

    passing = True


class RequestError(HarError):
    """The request itself is wrong."""

    code = "bad_request"
    status = 400
    title = "The request cannot be understood"


class NoSource(RequestError):
    code = "no_source"
    title = "No video was sent"


class TwoSources(RequestError):
    code = "two_sources"
    title = "More than one video was sent"


class BadOption(RequestError):
    code = "bad_option"
    title = "An option has a value that cannot be used"


class BadLabels(RequestError):
    code = "bad_labels"
    title = "The list of labels cannot be used"


class TusVersion(RequestError):
    code = "tus_version"
    status = 412
    title = "Another version of the tus protocol is spoken"


class NotAPart(RequestError):
    code = "not_a_part"
    status = 415
    title = "This is no part of an upload"


class WrongOffset(RequestError):
    code = "wrong_offset"
    status = 409
    title = "The upload goes on from another place"


class Unfinished(RequestError):
    code = "unfinished"
    status = 409
    title = "The upload is not finished"


class UploadUsed(RequestError):
    code = "upload_used"
    status = 409
    title = "The upload is a job already"


class NotFound(HarError):
    code = "not_found"
    status = 404
    title = "There is nothing here"


class TooLarge(HarError):
    code = "too_large"
    status = 413
    title = "The file is too large"


class MediaError(HarError):
    """The file was received, and is not a video that can be used."""

    code = "bad_video"
    status = 422
    title = "The video cannot be used"


class EmptyFile(MediaError):
    code = "empty_file"
    title = "The file is empty"


class NotAVideo(MediaError):
    code = "not_a_video"
    status = 415
    title = "The file is not a video"


class IsPicture(MediaError):
    code = "picture"
    status = 415
    title = "The file is a picture"


class AudioOnly(MediaError):
    code = "audio_only"
    title = "The file has sound but no picture"


class Truncated(MediaError):
    code = "truncated"
    title = "The file is incomplete"


class NoFrames(MediaError):
    code = "no_frames"
    title = "The video has no frames"


class ZeroSize(MediaError):
    code = "zero_size"
    title = "The video's picture has no size"


class TooLong(MediaError):
    code = "too_long"
    status = 413
    title = "The video is too long"


class TooManyPixels(MediaError):
    code = "too_many_pixels"
    status = 413
    title = "The video's picture is too large"


class TooManyFrames(MediaError):
    """More frames, or more in a second, than allowed."""

    code = "too_many_frames"
    status = 413
    title = "The video has too many frames"


class TooManyStreams(MediaError):
    code = "too_many_streams"
    status = 413
    title = "The file has too many tracks"


class CodecRefused(MediaError):
    code = "codec_refused"
    status = 415
    title = "The video is of a kind that is not decoded here"


class NamesFiles(MediaError):
    code = "names_files"
    title = "The file names other files"


class Stalled(MediaError):
    """A decoder gave no sign of progress and was ended."""

    code = "stalled"
    title = "The video's decoder got stuck"


class Undecodable(MediaError):
    code = "undecodable"
    title = "The video cannot be decoded"


class DecoderCrashed(MediaError):
    """A child that decodes or encodes was killed by a signal."""

    code = "decoder_crashed"
    title = "The video's decoder crashed"
    passing = True


class UrlError(HarError):
    """A link that cannot be used."""

    code = "bad_url"
    status = 400
    title = "The link cannot be used"


class UrlRefused(UrlError):
    code = "url_refused"
    status = 403
    title = "The link points to an address that is not allowed"


class UrlUnreachable(UrlError):
    code = "url_unreachable"
    status = 422
    title = "The link cannot be reached"


class UrlNoVideo(UrlError):
    code = "url_no_video"
    status = 422
    title = "There is no video behind the link"


class FileMissing(HarError):
    """A file named on the command line that cannot be read."""

    code = "file_missing"
    status = 404
    title = "The file cannot be read"


class ConfigError(HarError):
    """A setting has a value that cannot be used; raised at start."""

    code = "bad_setting"
    title = "A setting has a value that cannot be used"


class CheckpointError(HarError):
    """A checkpoint that is missing, damaged, or not ours."""

    code = "bad_checkpoint"
    title = "The model's file cannot be used"


class ModelMissing(HarError):
    """The weights of a model that was asked for by name are not on this machine."""

    code = "model_missing"
    status = 503
    title = "The model is not here"


class ManifestError(HarError):
    """A list of labelled clips that cannot be used."""

    code = "bad_manifest"
    status = 400
    title = "The manifest cannot be used"


class ToolMissing(HarError):
    """A program or package that we need is not installed."""

    code = "tool_missing"
    title = "A program that is needed is missing"


class TookTooLong(HarError):
    code = "timeout"
    status = 504
    title = "The work took longer than allowed"


class WorkerUnavailable(HarError):
    code = "no_worker"
    status = 503
    title = "No worker is running"


class Interrupted(HarError):
    """The worker stopped while it had the job."""

    code = "interrupted"
    status = 503
    title = "The work was interrupted"


class Restarting(HarError):
    """The web stops while somebody waits for a result; the job goes on."""

    code = "restarting"
    status = 503
    title = "The service is being restarted"


class KeyReused(RequestError):
    code = "key_reused"
    status = 422
    title = "The Idempotency-Key belongs to another request"


class QueueFull(HarError):
    code = "queue_full"
    status = 503
    title = "Too many videos wait"


class DiskFull(HarError):
    code = "disk_full"
    status = 503
    title = "There is no room for another video"


class TooManyRequests(HarError):
    code = "too_many_requests"
    status = 429
    title = "Too much was asked for at once"


class Busy(HarError):
    """All places for long requests are taken."""

    code = "busy"
    status = 503
    title = "Too many requests are waiting"


class RecordsAway(HarError):
    code = "records_away"
    status = 503
    title = "The service cannot reach its database"


class KeyNeeded(HarError):
    code = "key_needed"
    status = 401
    title = "A key is needed"


class KeyWrong(HarError):
    code = "key_wrong"
    status = 401
    title = "The key is not known"


class BadHost(HarError):
    """Asked for under a name that HAR_TRUSTED_HOSTS does not have."""

    code = "bad_host"
    status = 400
    title = "The service does not answer under this name"


class CrossSite(HarError):
    """A page of another site had the browser send this."""

    code = "cross_site"
    status = 403
    title = "Another site may not send this"


class ModelGone(HarError):
    """What is kept of a video can be read by a model alone that is not here any more."""

    code = "model_gone"
    status = 409
    title = "The video cannot be scored anew"


class Superseded(HarError):
    """A later question about the same video took the place of this one."""

    code = "superseded"
    status = 409
    title = "Somebody asked anew"


class TooSlow(HarError):
    code = "too_slow"
    status = 408
    title = "The request came too slowly"


class LiveFull(HarError):
    """Every worker follows as many live streams as it takes."""

    code = "live_full"
    status = 503
    title = "Too many people are live"


class NotASocket(RequestError):
    """A live stream needs a WebSocket."""

    code = "not_a_socket"
    status = 426
    title = "This address speaks WebSocket"


class StreamLost(HarError):
    """The worker that followed a live stream is gone; the stream's job is ended by another."""

    code = "stream_lost"
    status = 503
    title = "The stream was cut"
