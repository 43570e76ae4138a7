// Makes services/*/Dockerfile, which are alike but for the service's name, port, and what its package.json says.
// With --check it compares instead, and fails when one differs.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Folders that a service writes to by default, besides /tmp. */
const WRITABLE = { "agent-core": ["/app/data"] };

/** What is made once, when the image is built, so that not every start has to. */
const PREPARED = {
  "agent-core": [
    "# Where new embedded databases begin: what initdb and the migrations make.",
    `RUN cd /out && node --input-type=module --eval 'await (await import("./dist/database/prepared.js")).writePrepared("prepared-database.tar.gz", { nowMs: Date.now() })'`,
  ],
};

function dockerfile(service) {
  const manifest = JSON.parse(
    readFileSync(join("services", service, "package.json"), "utf8"),
  );
  const flags = [...manifest.scripts.start.matchAll(/ (--[\w=-]+)/g)].map(
    ([, flag]) => flag,
  );
  const entrypoint = ["/usr/local/bin/node", ...flags, "dist/server.js"];
  const folders = ["/app", ...(WRITABLE[service] ?? [])]
    .map((folder) => `/rootfs${folder}`)
    .join(" ");
  return `# Made by scripts/generate-dockerfiles.mjs: change that. Built from the repository's root:
#   docker build -f services/${service}/Dockerfile -t easymo/${service} .
# The first stage is the same for every service, so that one build serves them all.
FROM docker.io/library/node:24-bookworm-slim AS install
WORKDIR /src
ENV CI=true PNPM_HOME=/pnpm npm_config_store_dir=/pnpm/store
COPY package.json ./
RUN npm install --global --silent --no-audit --no-fund "$(node -p 'require("./package.json").packageManager')"
COPY pnpm-lock.yaml pnpm-workspace.yaml ./
COPY patches patches
RUN --mount=type=cache,id=pnpm,target=/pnpm/store pnpm fetch --ignore-scripts
COPY . .
RUN --mount=type=cache,id=pnpm,target=/pnpm/store pnpm install --frozen-lockfile --offline --ignore-scripts

FROM install AS build
RUN pnpm exec tsc -b services/${service}
# Only what runs: no development or optional packages, no types, no maps.
RUN --mount=type=cache,id=pnpm,target=/pnpm/store \\
    pnpm --filter ${manifest.name} --config.inject-workspace-packages=true deploy --prod --no-optional --offline --ignore-scripts /out && \\
    rm -rf /out/src /out/dist/testing /out/tsconfig.json /out/jest.config.mjs /out/pnpm-lock.yaml && \\
    find /out -type f \\( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' -o -name '.tsbuildinfo' \\) -delete
${(PREPARED[service] ?? []).map((line) => `${line}\n`).join("")}# Node and the libraries that it is linked with: the image has no shell and no package manager.
RUN mkdir -p -m 0755 ${folders} && mkdir -m 1777 /rootfs/tmp && \\
    cp --parents -L /usr/local/bin/node /etc/nsswitch.conf \\
      $(ldd /usr/local/bin/node | grep -o '/[^ ]*') /rootfs && \\
    echo 'easymo:x:10001:10001::/app:/usr/sbin/nologin' >/rootfs/etc/passwd && \\
    echo 'easymo:x:10001:' >/rootfs/etc/group && \\
    cp -a /out/. /rootfs/app && chown 10001:10001 ${folders}

FROM scratch
ARG VERSION=${manifest.version}
ARG REVISION=unknown
LABEL org.opencontainers.image.title="${service}" \\
      org.opencontainers.image.description="${manifest.description}" \\
      org.opencontainers.image.licenses="${manifest.license}" \\
      org.opencontainers.image.version="$VERSION" \\
      org.opencontainers.image.revision="$REVISION" \\
      org.opencontainers.image.base.name="docker.io/library/node:24-bookworm-slim"
COPY --from=build /rootfs /
ENV NODE_ENV=production PATH=/usr/local/bin
WORKDIR /app
USER 10001:10001
EXPOSE ${portOf(service)}
ENTRYPOINT ${JSON.stringify(entrypoint).replaceAll(",", ", ")}
`;
}

/** As the service's own config.ts says. */
function portOf(service) {
  const config = readFileSync(
    join("services", service, "src/config.ts"),
    "utf8",
  );
  const port = /port: (\d+)/.exec(config)?.[1];
  if (port === undefined) throw new Error(`${service}: config.ts has no port`);
  return port;
}

const check = process.argv.includes("--check");
let differing = 0;
for (const service of readdirSync("services")) {
  if (!existsSync(join("services", service, "src/server.ts"))) continue;
  const file = join("services", service, "Dockerfile");
  const wanted = dockerfile(service);
  if (!check) writeFileSync(file, wanted);
  else if (!existsSync(file) || readFileSync(file, "utf8") !== wanted) {
    differing += 1;
    console.error(
      `${file} differs; run: node scripts/generate-dockerfiles.mjs`,
    );
  }
}
process.exit(differing === 0 ? 0 : 1);
