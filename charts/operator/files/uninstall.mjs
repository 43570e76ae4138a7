// Runs once, before the release goes. Each Channel has a finalizer that only the operator takes away, so while it is still
// there: the release's own Channels go, and their numbers' settings at Twilio and Meta are taken back. Then the operator
// goes; and Channels that people made themselves are left without its finalizer, so that nothing waits for it for ever.
/* global AbortSignal, performance */
import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";

const {
  KUBERNETES_SERVICE_HOST: host = "",
  KUBERNETES_SERVICE_PORT: port = "443",
  API_URL = `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
  TOKEN_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/token",
  NAMESPACE,
  WATCH_NAMESPACE,
  OWN_NAMESPACE,
  RELEASE,
  DEPLOYMENT,
  POD_SELECTOR,
  PATIENCE_SECONDS,
} = process.env;
const FINALIZER = "bridges.easymo.dev/provider";
const BRIDGES = "/apis/bridges.easymo.dev/v1alpha1";
const here = `/namespaces/${NAMESPACE}`;

/** The answer's body; undefined for what is not there. */
async function ask(method, path, body) {
  const answer = await fetch(`${API_URL}${path}`, {
    method,
    signal: AbortSignal.timeout(10_000),
    headers: {
      authorization: `Bearer ${(await readFile(TOKEN_FILE, "utf8")).trim()}`,
      ...(body && { "content-type": "application/merge-patch+json" }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (answer.status === 404) return undefined;
  if (!answer.ok)
    throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

const items = async (path) => (await ask("GET", path))?.items ?? [];

/** Whether it came to be so within the patience that there is. */
async function comesTrue(check) {
  const untilMs = performance.now() + Number(PATIENCE_SECONDS) * 1_000;
  while (!(await check())) {
    if (performance.now() > untilMs) return false;
    await wait(500);
  }
  return true;
}

const own = `${BRIDGES}/namespaces/${OWN_NAMESPACE}/channels`;
const selector = `labelSelector=${encodeURIComponent(`app.kubernetes.io/instance=${RELEASE},app.kubernetes.io/managed-by=Helm`)}`;
for (const { metadata } of await items(`${own}?${selector}`))
  await ask("DELETE", `${own}/${metadata.name}`);
if (
  !(await comesTrue(
    async () => (await items(`${own}?${selector}`)).length === 0,
  ))
)
  console.warn("the operator did not let go of every Channel in time");

await ask("DELETE", `/apis/apps/v1${here}/deployments/${DEPLOYMENT}`);
const pods = `/api/v1${here}/pods?labelSelector=${encodeURIComponent(POD_SELECTOR)}`;
if (!(await comesTrue(async () => (await items(pods)).length === 0)))
  console.warn("the operator is slow to go");

const watched =
  WATCH_NAMESPACE === "*"
    ? "/channels"
    : `/namespaces/${WATCH_NAMESPACE}/channels`;
for (const { metadata } of await items(`${BRIDGES}${watched}`)) {
  const finalizers = metadata.finalizers ?? [];
  if (!finalizers.includes(FINALIZER)) continue;
  console.warn(
    `${metadata.namespace}/${metadata.name} stays, or goes, as it is: what was set at its provider is for you to take back`,
  );
  await ask(
    "PATCH",
    `${BRIDGES}/namespaces/${metadata.namespace}/channels/${metadata.name}`,
    {
      metadata: {
        finalizers: finalizers.filter((one) => one !== FINALIZER),
        resourceVersion: metadata.resourceVersion,
      },
    },
  );
}
