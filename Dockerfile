# The image of docker-compose.yaml: the official slim Airflow image, with what constraints-hashed.txt locks.
# The default must be the version of apache-airflow in requirements.txt.
ARG BASE_IMAGE=apache/airflow:slim-3.3.2-python3.12
FROM ${BASE_IMAGE} AS airflow
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
COPY --chown=airflow:0 requirements.txt requirements-celery.txt constraints-hashed.txt /opt/ttl-archive/
WORKDIR /opt/ttl-archive
# uv from its own block of the lock: its first line to the first that no backslash continues.
RUN pip install --no-cache-dir --require-hashes --requirement <(sed -n '/^uv==/,/[^\\]$/p' constraints-hashed.txt) \
    && uv pip install --no-cache --python "$(command -v python)" --require-hashes \
        --requirement requirements-celery.txt --constraint constraints-hashed.txt \
    && python -c 'import airflow.providers.celery.executors.celery_executor' >/dev/null
WORKDIR /opt/airflow
COPY --chown=airflow:0 dags dags
COPY --chown=airflow:0 plugins plugins
COPY --chown=airflow:0 include include

# The embedded AWS as a container, for trying the stack without an account: docker-compose --profile embedded-aws.
FROM airflow AS embedded-aws
USER root
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends socat && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /opt/ttl-archive/.local-aws /opt/ttl-archive/build && chown -R airflow:0 /opt/ttl-archive
USER airflow
WORKDIR /opt/ttl-archive
COPY --chown=airflow:0 local_aws local_aws
RUN python -m venv .venv-aws \
    && uv pip install --no-cache --python .venv-aws/bin/python --require-hashes \
        --requirement local_aws/requirements.txt --constraint constraints-hashed.txt \
    && mkdir -p .venv/bin && ln -s "$(command -v python)" .venv/bin/python \
    && ln -s /opt/airflow/plugins plugins && ln -s /opt/airflow/include include
ENV PYTHONPATH=/opt/ttl-archive/plugins:/opt/ttl-archive
ENTRYPOINT ["local_aws/container.sh"]

# Last, so that a plain `docker build .` makes it.
FROM airflow
