"""Number formats in which the networks run on this machine."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext

import torch

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 in hardware; without that it would be slower."""
    return device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()


def autocast() -> AbstractContextManager[object]:
    """Mixed precision where it pays, else nothing."""
    if has_bfloat16():
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


def use_threads(count: int) -> None:
    """Threads of the networks; 0 means one per core that this process may use."""
    torch.set_num_threads(count or len(os.sched_getaffinity(0)))
