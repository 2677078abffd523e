"""Each operation with curl; the tests run all of it.

The keys are Flask's endpoints, then what an example does. Whoever copies one has ``clip.mp4``, a
key in ``$KEY``, the id of a job in ``$JOB`` and that of an upload in ``$UPLOAD``, with ``$OFFSET``
bytes there. Addresses stand in quotes, since shells make something of ``?``, ``&`` and ``[``. No
example has a comment: zsh takes none.
"""

from __future__ import annotations

BASE = "{base}"
"""Stands for the service's address."""

CURL: dict[str, dict[str, str]] = {
    "jobs.predict": {
        "Send a file and wait": r'''curl --fail-with-body \
  -F video=@clip.mp4 \
  "{base}/predict"''',
        "Send a link and wait": r'''curl --fail-with-body \
  -F url=https://example.org/clip.mp4 \
  "{base}/predict"''',
        "Look for actions of your own": r'''curl --fail-with-body \
  -F video=@clip.mp4 \
  -F labels="juggling,playing chess" \
  -F stride=4 \
  "{base}/predict"''',
        "Compare two models": r'''curl --fail-with-body \
  -F video=@clip.mp4 \
  -F models=bilstm,r3d_18 \
  "{base}/predict"''',
    },
    "jobs.create": {
        "Send a file": r'''curl --fail-with-body \
  -F video=@clip.mp4 \
  "{base}/jobs"''',
        "Send a file and keep the job's id": r"""JOB=$(curl -sS --fail-with-body \
  -F video=@clip.mp4 \
  "{base}/jobs" | jq -r .id)""",
        "Send so that it can be sent again": r'''curl --fail-with-body \
  -F video=@clip.mp4 \
  -H "Idempotency-Key: my-clip-1" \
  "{base}/jobs"''',
        "Send what was uploaded in parts": r'''curl --fail-with-body \
  -F upload=$UPLOAD \
  "{base}/jobs"''',
    },
    "jobs.index": {
        "On the service's own machine": r'''curl --fail-with-body "{base}/jobs?limit=5"''',
        "From anywhere": r'''curl --fail-with-body \
  -H "Authorization: Bearer $KEY" \
  "{base}/jobs?limit=5"''',
    },
    "jobs.show": {
        "Ask for a job": r'''curl --fail-with-body "{base}/jobs/$JOB"''',
    },
    "jobs.events": {
        "Listen until the job has ended": r'''curl --fail-with-body -N "{base}/jobs/$JOB/events"''',
    },
    "jobs.cancel": {
        "Remove a job": r'''curl --fail-with-body -X DELETE \
  "{base}/jobs/$JOB"''',
    },
    "files.video": {
        "Save the video under its own name": r'''curl -f -OJ "{base}/jobs/$JOB/video"''',
        "Save its first thousand bytes": r'''curl -f -r 0-999 -o start.bin \
  "{base}/jobs/$JOB/video"''',
    },
    "files.playable": {
        "Save a copy that browsers play": r'''curl -f -o playable.mp4 \
  "{base}/jobs/$JOB/playable.mp4"''',
    },
    "files.cut": {
        "Save the seconds from 1 to 3": r'''curl -f -OJ \
  "{base}/jobs/$JOB/cut?start=1&end=3"''',
    },
    "files.frames": {
        "Save the first sheet": r'''curl -f -o frames-0.jpg \
  "{base}/jobs/$JOB/frames/0.jpg"''',
    },
    "files.picture": {
        "Save what a stream shows": r'''curl -f -o picture.jpg "{base}/jobs/$JOB/picture"''',
    },
    "files.training": {
        "Save the clips to train with": r'''curl -f -o training.zip \
  "{base}/jobs/$JOB/training.zip"''',
    },
    "files.annotated": {
        "Save the annotated video": r'''curl -f -o annotated.mp4 \
  "{base}/jobs/$JOB/annotated.mp4"''',
    },
    "files.export": {
        "Save captions": r'''curl -f -o actions.srt \
  "{base}/jobs/$JOB/export/srt"''',
        "Save the clips of which a model is sure": r'''curl -f -o clips.csv \
  "{base}/jobs/$JOB/export/csv?what=segments&min=0.6"''',
    },
    "asking.labels": {
        "Look for other actions in the same video": r'''curl --fail-with-body -X PUT \
  -d labels="juggling,playing chess" \
  "{base}/jobs/$JOB/labels"''',
    },
    "asking.corrections": {
        "Say what the first three clips are": r'''curl --fail-with-body -X PUT \
  -d first=0 -d last=2 -d label=Juggling \
  "{base}/jobs/$JOB/corrections"''',
        "Take a correction back": r'''curl --fail-with-body -X PUT -d first=0 \
  "{base}/jobs/$JOB/corrections"''',
    },
    "uploads.create": {
        "Begin an upload and keep its id": r"""UPLOAD=$(curl -sS --fail-with-body -X POST \
  -H "Tus-Resumable: 1.0.0" \
  -H "Upload-Length: $(wc -c < clip.mp4)" \
  "{base}/uploads" | jq -r .id)""",
    },
    "uploads.show": {
        "Ask how much is there": r'''curl -f -I -H "Tus-Resumable: 1.0.0" \
  "{base}/uploads/$UPLOAD"''',
    },
    "uploads.append": {
        "Send all of it": r'''curl --fail-with-body -X PATCH \
  -H "Tus-Resumable: 1.0.0" \
  -H "Upload-Offset: 0" \
  -H "Content-Type: application/offset+octet-stream" \
  -T clip.mp4 "{base}/uploads/$UPLOAD"''',
        "Send what is missing": r'''tail -c +$((OFFSET + 1)) clip.mp4 | \
  curl --fail-with-body -X PATCH \
  -H "Tus-Resumable: 1.0.0" \
  -H "Upload-Offset: $OFFSET" \
  -H "Content-Type: application/offset+octet-stream" \
  --data-binary @- "{base}/uploads/$UPLOAD"''',
    },
    "uploads.remove": {
        "Give an upload up": r'''curl --fail-with-body -X DELETE \
  -H "Tus-Resumable: 1.0.0" \
  "{base}/uploads/$UPLOAD"''',
    },
    "models.index": {
        "List the models": r'''curl --fail-with-body "{base}/models"''',
    },
    "health.healthz": {
        "Ask whether it answers": r'''curl --fail-with-body "{base}/healthz"''',
    },
    "health.readyz": {
        "Ask whether a video can be taken on": r'''curl --fail-with-body "{base}/readyz"''',
    },
    "metrics.show": {
        "Read the metrics": r'''curl --fail-with-body "{base}/metrics"''',
    },
    "openapi.show": {
        "Save the document": r'''curl -f -o openapi.json "{base}/openapi.json"''',
    },
}

_KEYED = 'curl -H "Authorization: Bearer $KEY" \\\n  '


def samples(endpoint: str, address: str, keyed: bool) -> list[dict[str, str]]:
    """The examples of an endpoint, as ``x-codeSamples`` has them: with the key where ``keyed``."""
    return [
        {"lang": "Shell", "label": label, "source": _sample(text, address, keyed)}
        for label, text in CURL.get(endpoint, {}).items()
    ]


def _sample(text: str, address: str, keyed: bool) -> str:
    if keyed and "Authorization" not in text:
        text = text.replace("curl ", _KEYED)
    return text.replace(BASE, address)
