# syntax=docker/dockerfile:1
# The hub as an image: one binary on distroless, without a shell, not as root. docs/release.md says how a release is built.
ARG RUST_IMAGE=docker.io/library/rust:1.95-slim-bookworm
# For a release by digest: --build-arg BASE_IMAGE=gcr.io/distroless/cc-debian12@sha256:...
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${RUST_IMAGE} AS source
WORKDIR /src
COPY . .

# What the binary is made of, as CycloneDX. Alone: docker build --target sbom --output . .
FROM source AS bill
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    cargo install cargo-cyclonedx --version 0.5.9 --locked \
    && cargo cyclonedx --manifest-path crates/serasi/Cargo.toml --format json --spec-version 1.5 \
        --target x86_64-unknown-linux-gnu --no-build-deps
FROM scratch AS sbom
COPY --from=bill /src/crates/serasi/serasi.cdx.json /

FROM source AS build
# Queries were checked against .sqlx when they were committed: no database here.
ENV SQLX_OFFLINE=true
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --profile dist --package serasi \
    && install -D target/dist/serasi /out/serasi

# The caller may name an image by digest, which is more than a tag.
# hadolint ignore=DL3006
FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="serasi" \
    org.opencontainers.image.description="The referral hub of Indonesia's social services" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.cyclonedx.sbom="/usr/share/serasi/serasi.cdx.json"
COPY LICENSE /usr/share/serasi/
COPY --from=bill /src/crates/serasi/serasi.cdx.json /usr/share/serasi/
COPY --from=build /out/serasi /usr/local/bin/serasi
USER 65532:65532
# gRPC, health, metrics: as the chart sets them.
EXPOSE 50051 50052 9464
ENTRYPOINT ["/usr/local/bin/serasi"]
