# SPDX-License-Identifier: Apache-2.0
# The sandbox's servers in one container, for a cluster to try things in: a KDC, Kafka, HDFS and
# Elasticsearch, secured as `flinksec sandbox up` does. `flinksec image sandbox` lays out the build
# context. No data and no key is in it: both are made at start, in the volume /var/lib/flinksec.
ARG BASE_IMAGE=docker.io/library/debian:bookworm-slim

FROM ${BASE_IMAGE} AS python
# Debian keeps only the newest version of a package, so that a pinned one cannot be built for long.
# hadolint ignore=DL3008
RUN set -eu; \
    if ! command -v python3 >/dev/null; then \
      apt-get update -qq; \
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3; \
      rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* /var/cache/debconf/*-old; \
    fi; \
    echo 'flink:x:10001:0:Flink:/tmp:/usr/sbin/nologin' >> /etc/passwd; \
    mkdir -p /var/lib/flinksec; \
    chmod 0770 /var/lib/flinksec

FROM python AS packages
# hadolint ignore=DL3008
RUN set -eu; \
    if ! python3 -c 'import ensurepip'; then \
      apt-get update -qq; \
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv; \
      rm -rf /var/lib/apt/lists/*; \
    fi; \
    python3 -m venv /build; \
    python3 -m venv --without-pip /opt/flinksec; \
    rm -f /opt/flinksec/bin/activate* /opt/flinksec/bin/Activate.ps1
WORKDIR /context/requirements
COPY requirements/ ./
COPY packages/ /context/packages/
RUN --mount=type=secret,id=ca-bundle,target=/run/secrets/ca-bundle \
    --mount=type=secret,id=pip-conf,target=/run/secrets/pip-conf \
    --mount=type=cache,target=/var/cache/pip \
    set -eu; \
    export PIP_CACHE_DIR=/var/cache/pip PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore; \
    if [ -s /run/secrets/ca-bundle ]; then export PIP_CERT=/run/secrets/ca-bundle; fi; \
    if [ -s /run/secrets/pip-conf ]; then export PIP_CONFIG_FILE=/run/secrets/pip-conf; fi; \
    if [ -n "$(find /context/packages -name '*.whl' -print -quit)" ]; then \
      export PIP_NO_INDEX=1 PIP_FIND_LINKS=/context/packages; \
    fi; \
    /build/bin/pip install -q --require-hashes --only-binary :all: -r build.txt; \
    /build/bin/pip wheel -q --require-hashes --no-build-isolation --no-deps -w /wheels -r sandbox.txt; \
    /build/bin/pip --python /opt/flinksec/bin/python install -q --no-compile --no-index --no-deps /wheels/*.whl; \
    /opt/flinksec/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/flinksec/lib; \
    chmod -R a+rX /opt/flinksec

FROM packages AS library
COPY wheel/ /context/wheel/
RUN set -eu; \
    /build/bin/pip --python /opt/flinksec/bin/python install -q --root-user-action=ignore \
      --no-compile --no-index --no-deps --prefix=/out /context/wheel/*.whl; \
    chmod -R a+rX /out
COPY jars/ /opt/flinksec/jars/
RUN set -eu; \
    cp -a /out/. /opt/flinksec/; \
    chmod -R a+rX /opt/flinksec/jars; \
    FLINKSEC_JARS_DIR=/opt/flinksec/jars /opt/flinksec/bin/python -m flinksec_jobs.image.jars sandbox

FROM python AS sandbox
COPY jre/ /opt/flinksec/jre/
COPY --from=library /opt/flinksec/jars /opt/flinksec/jars
COPY --from=packages /opt/flinksec /opt/flinksec
COPY --from=library /out /opt/flinksec
ENV PATH=/opt/flinksec/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    JAVA_HOME=/opt/flinksec/jre \
    FLINKSEC_JARS_DIR=/opt/flinksec/jars \
    XDG_STATE_HOME=/var/lib
ARG VERSION
ARG REVISION
ARG BASE_IMAGE
# buildah takes LABEL from its cache whatever the arguments are; RUN only with the same ones.
RUN : "$VERSION" "$REVISION" "$BASE_IMAGE"
LABEL org.opencontainers.image.title="flinksec-sandbox" \
      org.opencontainers.image.description="Secured servers to try a job on: KDC, Kafka, HDFS, Elasticsearch" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"
USER 10001:0
WORKDIR /tmp
ENTRYPOINT ["/opt/flinksec/bin/flinksec", "sandbox"]
CMD ["up", "--foreground", "--bind", "0.0.0.0", "--well-known-ports"]
