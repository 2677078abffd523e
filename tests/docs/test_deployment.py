"""Dockerfile, compose.yaml and the page on many machines say what the code does."""

from __future__ import annotations

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

import config
from config import ROOT, Settings

PAGE = (ROOT / "docs" / "many-machines.md").read_text("utf-8")
HAR = ("web", "worker", "migrate")
PASSWORD = "POSTGRES_PASSWORD"


@cache
def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions and their arguments, HEALTHCHECK's command included."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [
        (name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines if line)
    ]


def arguments(name: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == name]


def image_environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for rest in arguments("ENV") for pair in shlex.split(rest))


@cache
def services() -> dict[str, dict[str, Any]]:
    """compose.yaml's services, with the defaults of its ``${VARIABLE:-default}`` put in."""
    text = (ROOT / "compose.yaml").read_text("utf-8")
    found: dict[str, dict[str, Any]] = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))[
        "services"
    ]
    return found


def settings_of(service: str) -> Settings:
    """What a container of ours is started with."""
    return config.load({**image_environment(), **services()[service]["environment"]})


def seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+)s", text)
    assert found, text
    return float(found[1])


@pytest.mark.parametrize("service", HAR)
def test_variables_of_the_containers_are_settings(service: str) -> None:
    settings = settings_of(service)
    assert settings.broker_url
    assert settings.database_url
    assert settings.host == "0.0.0.0"


def test_engines_are_found_under_the_names_of_their_services() -> None:
    for service in HAR:
        settings = settings_of(service)
        database, broker = (
            sa.make_url(url) for url in (settings.database_url, settings.broker_url)
        )
        assert (database.drivername, broker.drivername) == ("postgresql", "redis")
        made = services()[str(database.host)]["environment"]
        assert (database.username, database.database) == (
            made["POSTGRES_USER"],
            made["POSTGRES_DB"],
        )
        assert services()[str(broker.host)]["image"].startswith("redis:")
        for engine in (database, broker):
            shared = set(services()[str(engine.host)]["networks"]) & set(
                services()[service]["networks"]
            )
            assert shared


def test_the_password_must_be_chosen() -> None:
    given = services()["postgres"]["environment"]["POSTGRES_PASSWORD"]
    assert given.startswith("${" + PASSWORD + ":?")
    for service in HAR:
        assert services()[service]["environment"]["PGPASSWORD"] == given
        assert sa.make_url(settings_of(service).database_url).password is None
    assert f"{PASSWORD}=" in PAGE


@pytest.mark.parametrize("service", HAR)
def test_what_is_written_outlives_the_container(service: str) -> None:
    volumes = dict(reversed(each.split(":")) for each in services()[service]["volumes"])
    settings = settings_of(service)
    assert {str(settings.data_dir), settings.storage_url} == set(volumes)
    declared = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["volumes"]
    assert set(volumes.values()) <= set(declared)
    made = " ".join(arguments("RUN"))
    for path in volumes:
        assert re.search(rf"install -d -o har [^&]*{path}\b", made), "else it belongs to root"


def test_uploads_under_way_are_not_held_in_memory() -> None:
    web = services()["web"]
    assert web["environment"]["TMPDIR"] == web["environment"]["HAR_DATA_DIR"]
    assert web["environment"]["TMPDIR"] not in web["tmpfs"]


@pytest.mark.parametrize("service", ["web", "worker", "migrate", "redis", "postgres"])
def test_containers_may_do_little(service: str) -> None:
    options = services()[service]
    assert options["read_only"] is True
    assert options["cap_drop"] == ["ALL"]
    assert options["security_opt"] == ["no-new-privileges:true"]
    if service not in HAR:
        assert options["user"] != "root"


def test_the_order_of_starting() -> None:
    for service in ("web", "worker"):
        conditions = {k: v["condition"] for k, v in services()[service]["depends_on"].items()}
        assert conditions == {
            "redis": "service_healthy",
            "postgres": "service_healthy",
            "migrate": "service_completed_successfully",
        }
    assert services()["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services()["migrate"]["restart"] == "no"
    for engine in ("redis", "postgres"):
        assert services()[engine]["healthcheck"]["test"][0] == "CMD"


def test_there_is_time_to_stop() -> None:
    worker = services()["worker"]
    assert settings_of("worker").grace_seconds < seconds(worker["stop_grace_period"])
    web = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    assert web["graceful_timeout"] < seconds(services()["web"]["stop_grace_period"])


def test_the_port_is_the_default_one() -> None:
    port = Settings().port
    assert arguments("EXPOSE") == [str(port)]
    assert f":{port}/healthz" in arguments("HEALTHCHECK")[0]
    assert services()["web"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert settings_of("web").port == port
    assert f"http://127.0.0.1:{port}/" in PAGE


def test_the_image_runs_as_nobody_in_particular() -> None:
    names = [name for name, _ in instructions()]
    assert arguments("USER") == ["har"]
    assert names.index("USER") < names.index("CMD")


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that ``COPY . .`` makes."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    assert "COPY . ." in [" ".join(instruction) for instruction in instructions()]
    folder = tmp_path_factory.mktemp("image")
    for name in (pattern[1:] for pattern in patterns if pattern.startswith("!")):
        source, target = ROOT / name, folder / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return folder


def run(argv: list[str], folder: Path, data: Path) -> str:
    """Standard output of a command in a folder; fails where the command does."""
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        argv,
        cwd=folder,
        env={**clean, "HAR_DATA_DIR": str(data), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_copied_is_enough(copied: Path, tmp_path: Path) -> None:
    server, application = json.loads(arguments("CMD")[0])
    argv = [sys.executable, "-m", server, "--check-config", application]
    run(argv, copied, tmp_path)
    known = run([sys.executable, "-m", "har", "labels"], copied, tmp_path)
    assert "PushUps: Push-ups" in known
    for name in ("templates/index.html", "static", *requirement_files()):
        assert (copied / name).exists(), name


def requirement_files() -> list[str]:
    return re.findall(r"-r (requirements[\w-]*\.txt)", " ".join(arguments("RUN")))


def test_requirements_are_copied_before_they_are_installed() -> None:
    first = arguments("COPY")[0].split()[:-1]
    assert (
        set(requirement_files()) == {"requirements.txt", "requirements-cluster.txt"} == set(first)
    )
    text = [f"{name} {what}" for name, what in instructions()]
    copied = next(i for i, line in enumerate(text) if line.startswith("COPY"))
    installed = next(i for i, line in enumerate(text) if "pip install" in line)
    assert copied < installed
    torch = re.search(r"grep -E '([^']+)' requirements.txt", text[installed])
    assert torch
    chosen = [
        line
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if re.search(torch[1], line)
    ]
    assert [re.split("[<>=]", line)[0] for line in chosen] == ["torch", "torchvision"]


def test_commands_exist() -> None:
    asked = {tuple(services()[name]["command"][:3]) for name in ("worker", "migrate")}
    assert asked == {("python", "-m", "har")}
    named = {services()[name]["command"][3] for name in ("worker", "migrate")}
    named |= set(re.findall(r"python -m har (\w+)", PAGE))
    for name in named:
        run([sys.executable, "-m", "har", name, "--help"], ROOT, ROOT / "var")


def test_variables_of_the_page_are_settings() -> None:
    known = {config.variable(name) for name in Settings.__dataclass_fields__}
    assert set(re.findall(r"HAR_[A-Z_]+", PAGE)) <= known
    given = dict(re.findall(r"(HAR_[A-Z_]+)=([^\s`]+)", PAGE))
    assert given
    config.load(given)
    rows = re.findall(r"\| `(HAR_\w+)` \| (.+) \|", PAGE)
    examples = [
        (name, value) for name, cell in rows for value in re.findall(r"`([^`]*[:/][^`]*)`", cell)
    ]
    assert len(examples) == 4
    for name, value in examples:
        config.load({name: value})


def test_metrics_of_the_page_exist() -> None:
    page = set(re.findall(r"`(har_\w+?)(?:_total)?[`{]", PAGE))
    source = (ROOT / "har" / "web" / "metrics.py").read_text("utf-8")
    assert page
    assert page <= set(re.findall(r'"(har_\w+)"', source))
