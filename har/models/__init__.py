"""Networks and their files."""

import os

# Read by huggingface_hub when it is imported, which timm and transformers do.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
