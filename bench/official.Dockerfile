# SPDX-License-Identifier: Apache-2.0
# For comparison only (make image-compare): a PyFlink image by the recipe of Flink's documentation, a
# Flink distribution on a Java runtime, then Python and `pip install apache-flink`. It is kind to the
# recipe: no compiler, nothing recommended, and a distribution without the examples and optional
# jars that the official one has besides.
ARG BASE_IMAGE=docker.io/library/debian:bookworm-slim
FROM ${BASE_IMAGE} AS python
# Java's package wants the folder of manual pages, which a slim Debian lacks.
# hadolint ignore=DL3008
RUN mkdir -p /usr/share/man/man1 && \
    apt-get update -qq && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      openjdk-17-jre-headless python3 python3-pip && \
    rm -rf /var/lib/apt/lists/*

FROM python AS distribution
WORKDIR /context
COPY constraints.txt build.txt ./
# The cache is a mount.
# hadolint ignore=DL3042
RUN --mount=type=secret,id=ca-bundle,target=/run/secrets/ca-bundle \
    --mount=type=secret,id=pip-conf,target=/run/secrets/pip-conf \
    --mount=type=cache,target=/var/cache/pip \
    set -eu; \
    export PIP_CACHE_DIR=/var/cache/pip PIP_BREAK_SYSTEM_PACKAGES=1; \
    if [ -s /run/secrets/ca-bundle ]; then export PIP_CERT=/run/secrets/ca-bundle; fi; \
    if [ -s /run/secrets/pip-conf ]; then export PIP_CONFIG_FILE=/run/secrets/pip-conf; fi; \
    pip3 install -q --require-hashes -r build.txt; \
    pip3 wheel -q --no-build-isolation -w /wheels -c constraints.txt apache-flink==2.2.1; \
    pip3 install -q --no-index --no-deps --target /tmp/flink /wheels/apache_flink_libraries-*.whl

FROM python
COPY --from=distribution /tmp/flink/pyflink /opt/flink
COPY --from=distribution /wheels /wheels
# The wheels are of the layer above, which the comparison leaves out.
RUN PIP_BREAK_SYSTEM_PACKAGES=1 pip3 install -q --no-cache-dir --no-index --find-links /wheels apache-flink==2.2.1
