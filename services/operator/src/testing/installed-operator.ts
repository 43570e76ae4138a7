import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ServiceProcess, until, type ApiServer } from "@easymo/testbed";

const run = promisify(execFile);
const RELEASE = "easymo";

function ofRepository(path: string): string {
  return fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
}

/** The definitions of Agent and Channel. */
export const crds = ofRepository("charts/operator/crds");

/** Gives the release's service account in a namespace the rights that the chart gives it, and nothing else. */
export async function installRights(
  server: ApiServer,
  namespace: string,
  values: readonly string[] = [],
): Promise<void> {
  const { stdout } = await run(ofRepository(".tools/helm/helm3"), [
    ...["template", RELEASE, ofRepository("charts/operator")],
    ...["--namespace", namespace, "--show-only", "templates/rbac.yaml"],
    ...values.flatMap((value) => ["--set", value]),
  ]);
  await server.kubectl(["-n", namespace, "apply", "-f", "-"], stdout);
}

export interface InstalledOptions {
  readonly server: ApiServer;
  readonly namespace: string;
  /** Who it is among its like. */
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The operator in a process of its own, with the rights that its chart gives it. */
export async function startInstalledOperator({
  server,
  namespace,
  name,
  env = {},
}: InstalledOptions): Promise<ServiceProcess> {
  const operator = await ServiceProcess.launch("operator", {
    KUBECONFIG: await server.kubeconfigFor(namespace, `${RELEASE}-operator`),
    POD_NAMESPACE: namespace,
    POD_NAME: name,
    RELEASE_NAME: RELEASE,
    LOG_LEVEL: "info",
    ...env,
  });
  try {
    await until(() => operator.answers("/readyz"), {
      what: `${name} ready`,
      timeoutMs: 90_000,
    });
  } catch (cause) {
    await operator.stop();
    throw new Error(`${name} did not become ready:\n${operator.output}`, {
      cause,
    });
  }
  return operator;
}

/** Resolves once this one leads. */
export async function untilLeading(operator: ServiceProcess): Promise<void> {
  await until(() => leads(operator), {
    what: `leading; it said:\n${operator.output}`,
    timeoutMs: 120_000,
  });
}

export async function leads(operator: ServiceProcess): Promise<boolean> {
  const metrics = await fetch(`${operator.url}/metrics`);
  return /^easymo_operator_leader 1$/m.test(await metrics.text());
}
