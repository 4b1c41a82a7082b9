# syntax=docker/dockerfile:1
# An image that runs feeder from the lock file: docs/install.md says how.
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /build
RUN python -m venv --without-pip /opt/feeder
# Before the program itself, so that this layer is made again only when the lock file changes.
COPY requirements.lock .
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/feeder/bin/python install --quiet --no-deps --require-hashes -r requirements.lock
COPY pyproject.toml README.md config.example.toml ./
COPY bot bot
COPY feeder feeder
COPY seeds seeds
RUN pip --python /opt/feeder/bin/python install --quiet --no-cache-dir --no-deps --no-build-isolation . \
    && pip --python /opt/feeder/bin/python uninstall --quiet --yes editables hatchling pathspec pluggy trove-classifiers

FROM ${PYTHON}
LABEL org.opencontainers.image.title="feeder" \
      org.opencontainers.image.description="Turns folders of articles and remote feeds into one feed, a website and a Telegram bot"
RUN useradd --system --user-group --no-log-init --uid 10001 --home-dir /srv/feeder --shell /usr/sbin/nologin feeder \
    && install --directory --owner=feeder --group=feeder /srv/feeder
COPY --from=build /opt/feeder /opt/feeder
ENV PATH=/opt/feeder/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FEEDER_WEB__HOST=0.0.0.0 \
    FEEDER_WEB__PORT=8000
USER 10001
# config.toml, data/ and public/ are here; nothing else is written, so the rest can be read-only.
WORKDIR /srv/feeder
VOLUME /srv/feeder
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m \
    CMD ["python", "-c", "import http.client as h, os, sys; c = h.HTTPConnection('127.0.0.1', int(os.environ['FEEDER_WEB__PORT']), timeout=5); c.request('GET', '/livez'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["feeder"]
CMD ["run"]
