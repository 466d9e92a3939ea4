# The daemon, its workers and the command line, without the sandbox: an image that runs against real AWS needs no moto.

FROM python:3.11-slim AS wheels
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY orchestrator ./orchestrator
RUN pip wheel --no-cache-dir --constraint constraints.txt --wheel-dir /wheels '.[fleet]'

FROM python:3.11-slim
RUN groupadd --gid 1001 orchestrator \
    && useradd --uid 1001 --gid 1001 --create-home orchestrator
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --no-compile /wheels/*.whl
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 1001:1001
WORKDIR /plans
# Of the daemon; whatever else runs in this image has ended, or is told that nobody answers.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["orchestrator", "health"]
ENTRYPOINT ["orchestrator"]
CMD ["--help"]
