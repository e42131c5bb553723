# Every target works on a fresh clone with Python 3.11 or later, make and bash, and sets up what it needs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

ARCHIVE ?= usage_logs
ENV ?= dev
ENV_FILE ?= .env
MONTH ?=
ITEMS ?=
export AIRFLOW_PORT ?= 8080
KEYS ?=
SEED ?=
UPGRADE ?=

# Airflow's home lies in the repository; neither ~/airflow nor ~/.aws is read or written.
export AIRFLOW_HOME := $(CURDIR)/.airflow
export AIRFLOW__CORE__DAGS_FOLDER := $(CURDIR)/dags
export AIRFLOW__CORE__PLUGINS_FOLDER := $(CURDIR)/plugins
export AIRFLOW__CORE__LOAD_EXAMPLES := False
export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN := sqlite:///$(CURDIR)/.airflow/airflow.db
export PYTHONPATH := $(CURDIR)/plugins:$(CURDIR)
export PYTHONDONTWRITEBYTECODE :=

UV_VERSION := 0.13.9
PIP_AUDIT_VERSION := 2.10.1
LOCKED := requirements.txt requirements-dev.txt requirements-celery.txt local_aws/requirements.txt constraints-hashed.txt
PY := .venv/bin/python
AWS_PY := .venv-aws/bin/python

.PHONY: help run test chaos iam-proof check format lock up down local-aws local-aws-stop seed archive bench deploy mwaa-package astronomer-project licences audit compose-test clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS=$$'\t' read -r t d; do printf '  make %-16s %s\n' "$$t" "$$d"; done

run: .venv/.ready .venv-aws/.ready .airflow/.ready ## the main job, end to end, on this machine: MONTH=YYYY-MM ARCHIVE=name
	@local_aws/run.sh "$(ARCHIVE)" "$(MONTH)"

test: .venv/.ready .venv-aws/.ready ## the whole test suite
	@$(PY) -m pytest -n 2 --dist loadgroup --max-worker-restart=0

chaos: .venv/.ready .venv-aws/.ready ## the long form of the fault suite and a table of a million items, half an hour: SEED=n repeats one
	@seed="$(or $(SEED),$$RANDOM)"; echo "seed $$seed: 'make chaos SEED=$$seed' does the same again" >&2; \
	CHAOS_LONG=1 CHAOS_SEED="$$seed" $(PY) -m pytest tests/chaos tests/e2e/test_million.py -n 2 --dist loadgroup --max-worker-restart=0 -v

iam-proof: .venv/.ready .venv-aws/.ready ## that the pipeline role's policy is sufficient and minimal: what allowed what, and each action taken away
	@$(PY) -m tests.iam_proof

check: .venv/.ready ## linters, types, formatting, SQL, generated files: changes nothing
	@echo "ruff"; .venv/bin/ruff check . && .venv/bin/ruff format --check .
	@echo "mypy"; .venv/bin/mypy
	@echo "generated files"; $(PY) -m ttl_archive.generated --check
	@echo "sqlfluff"; .venv/bin/sqlfluff lint --disable-progress-bar tests/golden tests/report/golden
	@echo "SQL rules"; $(PY) -m ttl_archive.report.sql_rules tests/golden
	@echo "sections on empty tables"; $(PY) -m local_aws.check_sections
	@echo "bytes that reports will scan"; $(PY) -m ttl_archive.scan_estimate
	@echo "cfn-lint"; .venv/bin/cfn-lint include/aws/stack.yaml
	@echo "policy rules"; $(PY) -m deploy.policy_rules

format: .venv/.ready ## formats, and writes the generated files anew
	@.venv/bin/ruff check --fix . ; .venv/bin/ruff format .
	@$(PY) -m ttl_archive.generated

lock: .venv/bin/uv ## renews the locks from the requirements, keeping the pins that still fit: UPGRADE=--upgrade keeps none
	@echo "uv==$(UV_VERSION)" > uv.in
	@cp constraints.txt constraints.new
	@.venv/bin/uv pip compile requirements-dev.txt requirements-celery.txt uv.in $(UPGRADE) --universal --python-version 3.11 --generate-hashes -q --no-header --no-annotate -o constraints.new
	@rm uv.in
	@{ echo "# constraints.txt with the hashes of every file on PyPI: what is installed here and in the image. Written by 'make lock'."; \
	  cat constraints.new; } > constraints-hashed.txt
	@{ echo "# Every transitive version of requirements-dev.txt and requirements-celery.txt, for Python 3.11 and later. Written by 'make lock'; not by hand."; \
	  sed -n 's/ *\\$$//; /^[a-z0-9]/p' constraints.new; } > constraints.txt
	@rm constraints.new

deploy: .venv/.ready ## creates or updates the stack in the account of the environment: ENV=dev|stg|prd
	@$(PY) -m ttl_archive.stack deploy --env "$(ENV)"

local-aws: .venv/.ready .venv-aws/.ready ## starts the embedded AWS with the stack in it; prints what to export
	@local_aws/start_with_stack.sh

local-aws-stop: ## stops the embedded AWS; its state stays in .local-aws/
	@if [ -x $(AWS_PY) ]; then $(AWS_PY) -m local_aws stop; else echo "the embedded AWS was never started" >&2; fi

seed: .venv/.ready ## loads items into the running embedded AWS: ARCHIVE=x ITEMS=file.jsonl [KEYS=pk[,sk]]
	@eval "$$($(AWS_PY) -m local_aws env)"; \
	$(PY) -m local_aws.seed --archive "$(ARCHIVE)" --items "$(ITEMS)" $(if $(KEYS),--keys "$(KEYS)")

archive: .venv/.ready .airflow/.ready ## runs a DAG for a month against the AWS of the environment: ARCHIVE=x MONTH=YYYY-MM
	@$(PY) -m ttl_archive.run "$(ARCHIVE)" $(if $(MONTH),--month "$(MONTH)")

up: .venv/.ready .venv-aws/.ready .airflow/.ready ## Airflow's UI with scheduler, triggerer and the embedded AWS, to click through
	@local_aws/airflow.sh up

down: ## stops what make up started
	@local_aws/airflow.sh down

bench: .venv/.ready .venv-aws/.ready .airflow/.ready ## the benchmarks: one table, and benchmarks/results.json
	@TTL_ARCHIVE_BUCKET=bench TTL_ARCHIVE_RESULTS_BUCKET=bench TTL_ARCHIVE_WORKGROUP=bench TTL_ARCHIVE_TABLE_PREFIX=bench- \
	$(PY) -m benchmarks.run

mwaa-package: ## lays out in build/mwaa/ what an Amazon MWAA environment takes: ENV_FILE=.env
	@python3 -m deploy.mwaa --env-file "$(ENV_FILE)"

astronomer-project: ## lays out an Astro project in build/astronomer/
	@python3 -m deploy.astronomer

licences: .venv-image/.ready ## writes docs/licences.md from what the image installs
	@PYTHONPATH=. .venv-image/bin/python -m deploy.licences

audit: .venv-image/.ready ## licences and known vulnerabilities of what is locked; asks the vulnerability service of PyPI
	@PYTHONPATH=. .venv-image/bin/python -m deploy.licences --check
	@.venv-image/bin/uv tool run --quiet "pip-audit@$(PIP_AUDIT_VERSION)" --strict --requirement constraints-hashed.txt --require-hashes --disable-pip \
	|| { echo "audit: vulnerabilities, or packages that the vulnerability service didn't answer for, as said above" >&2; exit 1; }

compose-test: ## starts docker-compose.yaml for real, archives a month in it, kills a worker, takes it down
	@tests/compose/accept.sh

clean: local-aws-stop ## removes everything that the other targets made
	@rm -rf .venv .venv-aws .venv-image .airflow .local-aws build

.venv/.ready: $(LOCKED)
	@local_aws/make_venv.sh .venv requirements-dev.txt
	@touch $@

# Only where there is none: `make lock` must run on requirements that the lock doesn't know yet.
.venv/bin/uv:
	@local_aws/make_venv.sh .venv requirements-dev.txt

.venv-aws/.ready: $(LOCKED)
	@local_aws/make_venv.sh .venv-aws local_aws/requirements.txt
	@touch $@

.venv-image/.ready: $(LOCKED)
	@local_aws/make_venv.sh .venv-image requirements-celery.txt
	@touch $@

.airflow/.ready: .venv/.ready
	@mkdir -p .airflow/logs
	@echo "creating Airflow's database in .airflow/ ..." >&2
	@.venv/bin/airflow db migrate > .airflow/logs/migrate.log 2>&1 || { tail -20 .airflow/logs/migrate.log >&2; exit 1; }
	@touch $@
