"""Networks and their files."""

import os

# Read by huggingface_hub when it is imported, which timm and transformers do.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
# Read by OpenMP when torch is imported. Threads that spin while they wait for each other take the
# processor away from the ffmpeg that decodes their next frames.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
