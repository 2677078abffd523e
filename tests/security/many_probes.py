"""The probe's own functions on many files in one process: ``many_probes.py LIMITS FILE...`` prints
a line of JSON for each, with its name and what probe_child.py would have printed."""

import json
import os
import sys

from har.media.probe_child import Refused, facts


def main(limits: str, *files: str) -> None:
    for file in files:
        try:
            answer = facts(file, json.loads(limits))
        except Refused as refusal:
            answer = {"reason": str(refusal)}
        except MemoryError:
            answer = {"reason": "memory"}
        print(json.dumps([os.path.basename(file), answer], allow_nan=False), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
