# The AppView. From the root of a clone:
#   docker build --file deploy/docker/appview.Dockerfile --tag holdfast-appview .
# For both architectures, into a registry:
#   docker buildx build --platform linux/amd64,linux/arm64 --file deploy/docker/appview.Dockerfile --tag REGISTRY/holdfast-appview --push .

# The packages are the same for every architecture.
FROM --platform=$BUILDPLATFORM node:24.21.0-trixie-slim AS packages
WORKDIR /source
COPY . .
RUN ["npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"]
RUN ["node", "scripts/tool.ts"]
RUN ["node", "scripts/release/packages.ts", "/packages", "appview"]

# What they need is installed where it runs.
FROM node:24.21.0-trixie-slim AS installed
WORKDIR /app
COPY --from=packages /packages /packages
RUN npm install --no-audit --no-fund /packages/*.tgz
RUN ["mkdir", "/data"]

FROM node:24.21.0-trixie-slim
COPY --from=installed /app /app
COPY --from=installed --chown=node:node /data /data
ENV PATH=/app/node_modules/.bin:$PATH \
  NODE_ENV=production \
  # Nothing but /data is written, so that the root file system can be read-only.
  NODE_DISABLE_COMPILE_CACHE=1 \
  HOLDFAST_DATA_DIR=/data
WORKDIR /data
VOLUME /data
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.HOLDFAST_PORT || 3000}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["holdfast-appview"]
CMD ["serve"]
