"""Number formats in which the networks run on this machine."""

from __future__ import annotations

import ctypes
import os
from contextlib import AbstractContextManager, nullcontext

import torch

# From glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_KEPT = 1 << 30
"""Bytes; more than the largest buffer of a batch."""

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 in hardware; without that it would be slower."""
    return device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()


def has_vnni() -> bool:
    """Whether the networks run on a processor that multiplies 8-bit integers without overflow."""
    return device.type == "cpu" and torch.cpu._is_vnni_supported()


def autocast() -> AbstractContextManager[object]:
    """Mixed precision where it pays, else nothing."""
    if has_bfloat16():
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


def number_format() -> str:
    """What autocast() computes in: ``bfloat16`` or ``float32``."""
    return "bfloat16" if has_bfloat16() else "float32"


def tune(threads: int) -> None:
    """Set up this process for the networks: their threads (0: one per core that it may use), and
    memory that is kept from one batch to the next.

    By default glibc gives a network's large buffers back to the kernel after each layer and gets
    them anew, zeroed page by page: half of the time that the backbone takes.
    """
    torch.set_num_threads(threads or len(os.sched_getaffinity(0)))
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, _KEPT)
        libc.mallopt(_M_TRIM_THRESHOLD, _KEPT)
