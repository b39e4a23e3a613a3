# Both connectors: docker build --build-arg CONNECTOR=source-zoho-crm | destination-zoho-crm .
#
# The base is the one that metadata.yaml names. Dependencies come from the hashed lock; our code needs no build, so it is
# copied beside its manifest. All but the last layers are the same in both images.
ARG BASE=docker.io/airbyte/python-connector-base:4.0.2@sha256:9fdb1888c4264cf6fee473649ecb593f56f58e5d0096a87ee0b231777e2e3e73
FROM ${BASE}

USER root
WORKDIR /airbyte/integration_code

COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --no-deps --compile -r requirements.lock

COPY LICENSE manifest.yaml ./
COPY zoho_crm ./zoho_crm
COPY source_zoho_crm ./source_zoho_crm
COPY destination_zoho_crm ./destination_zoho_crm
# Bytecode at build time: the user below may not write it, and without it each command pays two seconds.
RUN python -m compileall -q zoho_crm source_zoho_crm destination_zoho_crm

ARG CONNECTOR=source-zoho-crm
# A name that is none of ours fails here.
RUN printf 'from %s.run import run\n\nrun()\n' "$(echo "${CONNECTOR}" | tr - _)" > main.py && python main.py spec > /dev/null

# uid and gid of `airbyte` in the base.
USER 1000:1000

# The platform starts a connector by this variable, docker run by the entrypoint.
ENV AIRBYTE_ENTRYPOINT="python /airbyte/integration_code/main.py"
ENTRYPOINT ["python", "/airbyte/integration_code/main.py"]

ARG VERSION=0.2.0
LABEL io.airbyte.name=zoho-crm-connectors/${CONNECTOR}
LABEL io.airbyte.version=${VERSION}
