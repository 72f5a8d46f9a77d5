# Builds both binaries and puts them into a small image that runs without root.
FROM rust:1-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc g++ make && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN cargo build --release --workspace --bins --locked

FROM debian:bookworm-slim
RUN useradd --uid 10001 --home-dir /data --create-home gateway
COPY --from=build /source/target/release/ai-model-gateway /source/target/release/gateway-edge /usr/local/bin/
USER 10001
WORKDIR /data
ENV AIGW_DATA_DIR=/data \
    AIGW_GRPC_ADDR=0.0.0.0:50051 \
    AIGW_EDGE_ADDR=0.0.0.0:6161
EXPOSE 50051 6161
VOLUME /data
ENTRYPOINT ["ai-model-gateway"]
CMD ["serve"]
