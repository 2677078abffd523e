# The web and the worker alike: `docker run` starts the web, `python -m har worker` a worker.
FROM python:3.11-slim

WORKDIR /app
# Shuts decoders and downloads up, where whatever runs the container allows it user namespaces.
RUN apt-get update \
    && apt-get install -y --no-install-recommends bubblewrap \
    && rm -rf /var/lib/apt/lists/*
# PyTorch for Linux may bring gigabytes of CUDA with it. With the address of an index that has it for
# processors alone, `--build-arg TORCH_INDEX=…`, they are left out.
ARG TORCH_INDEX=
COPY requirements.txt requirements-cluster.txt ./
RUN grep -E '^torch(vision)?[<>=]' requirements.txt >/tmp/torch.txt \
    && pip install --no-cache-dir ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} -r /tmp/torch.txt \
    && pip install --no-cache-dir -r requirements.txt -r requirements-cluster.txt \
    && rm /tmp/torch.txt
# Of .dockerignore, which lists what the service needs.
COPY . .

# /data is a machine's own, its models' cache included; /storage may be shared by many.
RUN useradd --system --uid 10001 --home-dir /data har \
    && install -d -o har /data /storage
USER har
ENV HAR_HOST=0.0.0.0 \
    HAR_DATA_DIR=/data \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 5000
HEALTHCHECK --start-period=20s --interval=10s --timeout=5s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:5000/healthz', timeout=4)"]
CMD ["gunicorn", "app:app"]
