# One Dockerfile, one target for each process: docker build --target api|worker|converter .
# A base is named by a tag that gets security fixes; whoever needs the very same image again pins its digest:
#   --build-arg PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:…
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

# The virtual environment, from wheels only: nothing is compiled, and pip stays behind in this stage.
FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements/ requirements/
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --no-cache-dir --require-hashes --only-binary :all: \
        -r requirements/runtime.txt \
    && pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/build.txt
COPY LICENSE pyproject.toml ./
COPY src/ src/
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
    && pip --python /opt/venv/bin/python install --no-cache-dir --no-deps dist/*.whl \
    && /opt/venv/bin/learning-service openapi --write

# What every process needs. Runs with a read-only root; only /tmp is written to.
FROM ${PYTHON_IMAGE} AS service
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ALEMBIC_CONFIG=/app/alembic.ini
RUN groupadd --system --gid 10001 learning \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin learning
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY alembic.ini ./
COPY migrations/ migrations/
# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
ENTRYPOINT ["learning-service"]

FROM service AS worker
ENV METRICS_PORT=9000 HEARTBEAT_FILE=/tmp/alive
# A loop that runs touches the file every five seconds. Asking arq instead costs a fifth of a core, and fails with Redis.
HEALTHCHECK --interval=15s --timeout=10s --start-period=20s --retries=3 \
    CMD ["sh", "-c", "test $(($(date +%s) - $(stat -c %Y \"$HEARTBEAT_FILE\"))) -lt 30"]
CMD ["worker"]

# LibreOffice, and fonts with the measures of the ones that presentations ask for. Only the converter has them.
FROM service AS office
USER 0:0
# Security fixes of the distribution are wanted, so no version is named.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libreoffice-impress-nogui bubblewrap \
        fonts-crosextra-caladea fonts-crosextra-carlito fonts-dejavu-core fonts-liberation2 fonts-noto-core \
    && rm -rf /var/lib/apt/lists/*

FROM office AS converter
USER 10001:10001
# Containers seldom let a process make namespaces of its own. Run this one where it has no way out.
ENV CONVERT_SANDBOX=container
ENV METRICS_PORT=9000 HEARTBEAT_FILE=/tmp/alive
HEALTHCHECK --interval=15s --timeout=10s --start-period=20s --retries=3 \
    CMD ["sh", "-c", "test $(($(date +%s) - $(stat -c %Y \"$HEARTBEAT_FILE\"))) -lt 30"]
CMD ["converter"]

# Last, so that it is what a build without --target makes. `migrate` and every other command run from it too.
FROM service AS api
ENV HOST=0.0.0.0 PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
CMD ["api"]
