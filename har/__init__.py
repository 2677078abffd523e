"""HAR: tells what people do in a video, and when."""

__version__ = "0.1.0"
