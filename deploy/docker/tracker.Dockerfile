# The tracker, with its native sockets. From the root of a clone:
#   docker build --file deploy/docker/tracker.Dockerfile --tag holdfast-tracker .
# For both architectures, into a registry:
#   docker buildx build --platform linux/amd64,linux/arm64 --file deploy/docker/tracker.Dockerfile --tag REGISTRY/holdfast-tracker --push .

# The packages are the same for every architecture.
FROM --platform=$BUILDPLATFORM node:24.21.0-trixie-slim AS packages
WORKDIR /source
COPY . .
RUN ["npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"]
RUN ["node", "scripts/tool.ts"]
RUN ["node", "scripts/release/packages.ts", "/packages", "tracker"]

# What they need is installed where it runs; this image has a C compiler and Node's headers.
FROM node:24.21.0-trixie AS installed
WORKDIR /app
COPY --from=packages /packages /packages
RUN npm install --no-audit --no-fund /packages/*.tgz
RUN ["node", "node_modules/@holdfast/tracker/native/build.mjs"]
RUN ["mkdir", "/data"]

FROM node:24.21.0-trixie-slim
COPY --from=installed /app /app
COPY --from=installed --chown=node:node /data /data
ENV PATH=/app/node_modules/.bin:$PATH \
  NODE_ENV=production \
  HOLDFAST_DATA_DIR=/data
WORKDIR /data
VOLUME /data
USER node
EXPOSE 6969/tcp 6969/udp
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.HOLDFAST_TRACKER_PORT || 6969}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["holdfast-tracker"]
