# The local system in a container, for development: docs/local.md, "Other machines".
# The version of rust-toolchain.toml, so that rustup need not fetch another.
FROM rust:1.95.0-slim-bookworm AS build
# mimalloc and ring have parts in C.
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev make && rm -rf /var/lib/apt/lists/*
WORKDIR /parlance
COPY . .
RUN cargo build --locked --release -p local

FROM debian:bookworm-slim
COPY --from=build /parlance/target/release/parlance /usr/local/bin/parlance
RUN useradd --create-home parlance && install -d -o parlance /data
USER parlance
VOLUME /data
EXPOSE 3000
ENTRYPOINT ["parlance", "--host", "0.0.0.0", "--data", "/data"]
