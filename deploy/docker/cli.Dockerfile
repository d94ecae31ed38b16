# The holdfast command. From the root of a clone:
#   docker build --file deploy/docker/cli.Dockerfile --tag holdfast .
# Then, in a folder with data, signed in by what the volume holdfast-config keeps:
#   docker run --rm --interactive --tty --volume holdfast-config:/config --volume "$PWD:/work" holdfast --help

# The packages are the same for every architecture.
FROM --platform=$BUILDPLATFORM node:24.21.0-trixie-slim AS packages
WORKDIR /source
COPY . .
RUN ["npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"]
RUN ["node", "scripts/tool.ts"]
RUN ["node", "scripts/release/packages.ts", "/packages", "cli"]

# What they need is installed where it runs.
FROM node:24.21.0-trixie-slim AS installed
WORKDIR /app
COPY --from=packages /packages /packages
RUN npm install --no-audit --no-fund /packages/*.tgz
RUN ["mkdir", "/config"]

FROM node:24.21.0-trixie-slim
COPY --from=installed /app /app
COPY --from=installed --chown=node:node /config /config
ENV PATH=/app/node_modules/.bin:$PATH \
  NODE_ENV=production \
  NODE_DISABLE_COMPILE_CACHE=1 \
  HOLDFAST_CONFIG_DIR=/config
WORKDIR /work
VOLUME /config
USER node
# A command ends by itself.
HEALTHCHECK NONE
ENTRYPOINT ["holdfast"]
