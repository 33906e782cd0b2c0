# The image for amd64 and arm64, for who has a container engine:
#
#   docker buildx build --platform linux/amd64,linux/arm64 --tag REGISTRY/kafka-privatelink-operator:0.1.0 --push .
#
# This file has not been built by its authors, who had no container engine: what is tested is `make image`, which makes the
# same root file system without one (a test compares them). A platform that is not the machine's own is compiled
# under emulation, which takes hours: build each on its own kind and join them with `docker buildx imagetools create`.
# The AWS SDK needs 8 GB of memory to compile.
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
# The lists stay: the image's packages are fetched by them.
RUN apt-get update
RUN python3 deploy/release.py --target-dir /target
RUN python3 deploy/image/build.py --binary /target/release/kafka-privatelink --rootfs /image

FROM scratch
COPY --from=build /image /
ENV PATH=/usr/local/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/kafka-privatelink"]
CMD ["run"]
