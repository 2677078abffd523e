"""Whether a program imports libraries that take seconds to."""

from __future__ import annotations

import os
import subprocess
import sys

from config import ROOT

SLOW = ("timm", "torchvision", "transformers", "sentence_transformers")


def slow_imports(code: str, **variables: str) -> set[str]:
    """Those of SLOW that are imported when some Python code runs in a process of its own."""
    check = f"import sys\n{code}\nprint(*(name for name in {SLOW} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", check],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())
