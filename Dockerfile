# QuasiCrawler as a daemon: CRAWLER_SEEDS and the other CRAWLER_* variables say what to crawl, /data keeps
# the job. See docs/guides/docker.md.
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv /opt/crawler
# The lock alone first: this layer is built again only when a dependency changes.
COPY requirements.txt requirements-build.txt ./
RUN /opt/crawler/bin/pip install --require-hashes -r requirements.txt
RUN python -m venv /opt/build && /opt/build/bin/pip install --require-hashes -r requirements-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY crawler/ crawler/
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
    && /opt/crawler/bin/pip install --no-deps /dist/*.whl \
    && /opt/crawler/bin/python -m compileall -q /opt/crawler/lib \
    && /opt/crawler/bin/python -m pip uninstall --yes pip

FROM python:${PYTHON_VERSION}-slim
LABEL org.opencontainers.image.title="QuasiCrawler" \
      org.opencontainers.image.description="A durable, polite, fast web crawler" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 10001 crawler \
    && useradd --uid 10001 --gid crawler --home-dir /data --no-create-home --shell /usr/sbin/nologin crawler \
    && install -d -o crawler -g crawler -m 0700 /data
COPY --from=build /opt/crawler /opt/crawler
ENV PATH=/opt/crawler/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CRAWLER_JOB=/data/crawl \
    CRAWLER_HTTP=127.0.0.1:8080
USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
# The parent handles SIGTERM itself and is gone within 8 s, inside the 10 s that Docker grants.
STOPSIGNAL SIGTERM
# Asks the crawl itself whether it gets on: waiting politely, a pause and nothing due are healthy, a crawl that
# gets nowhere is not. Until it has sown its seeds it is neither.
HEALTHCHECK --interval=30s --timeout=10s --start-period=10m --retries=3 CMD ["crawler", "health"]
CMD ["python", "-m", "crawler.qq"]
