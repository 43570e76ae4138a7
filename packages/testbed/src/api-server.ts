import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requestJson, type JsonAnswer } from "./api-server-request.js";
import { kubernetesBinaries } from "./paths.js";
import { startProcess, type RunningProcess } from "./process.js";
import { runWithInput } from "./run.js";
import { freePorts, until } from "./wait.js";

/**
 * A Kubernetes API server of one test's own (etcd and kube-apiserver as processes; no controllers, no kubelets: nothing
 * makes pods run, collects garbage or ends namespaces). Its authorisation is RBAC.
 */
export interface ApiServer {
  /** https, with a certificate of its own: `certificateAuthorityFile` trusts it. */
  readonly url: string;
  readonly port: number;
  readonly certificateAuthorityFile: string;
  /** The token and the kubeconfig of someone who may do everything. */
  readonly adminToken: string;
  readonly kubeconfig: string;
  /** Runs kubectl as the administrator; rejects with what it said on standard error. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** One request as the administrator, or with another's token; `body` goes out as JSON. */
  request(
    method: string,
    path: string,
    options?: {
      body?: unknown;
      contentType?: string;
      token?: string;
    },
  ): Promise<JsonAnswer>;
  createNamespace(name: string): Promise<void>;
  /** A token of a service account, which is made where it is missing: it may do what RBAC says, and no more. */
  tokenFor(namespace: string, serviceAccount: string): Promise<string>;
  /** A kubeconfig with such a token, whose current namespace is the account's; the path of its file. */
  kubeconfigFor(
    namespace: string,
    serviceAccount: string,
    options?: { server?: string },
  ): Promise<string>;
  /** Ends kube-apiserver (every watch with it); etcd and the data stay. */
  stop(): Promise<void>;
  /** Starts kube-apiserver again on the same port and data, and waits until it is ready. */
  start(): Promise<void>;
  /** SIGSTOP and SIGCONT of kube-apiserver: connections stay, and nothing answers. */
  freeze(): void;
  thaw(): void;
  /**
   * Forgets in etcd what was before now: a watch that asks for an older revision is answered with 410, if the API server
   * was started without a watch cache, or has been started again since.
   */
  compact(): Promise<void>;
  /** Ends both and removes the data. */
  close(): Promise<void>;
}

export interface ApiServerOptions {
  /** Without its cache, watches read etcd's own history, so that `compact` makes them expire. Default: with. */
  readonly watchCache?: boolean;
  /** How long a watch lasts until the server ends it in order: so many seconds, up to twice as many. Default: 1800. */
  readonly watchSeconds?: number;
  /** Custom resources and the like, applied before the server is handed over: paths of files or folders. */
  readonly manifests?: readonly string[];
}

/** Starts etcd and kube-apiserver on free ports, in a temporary folder; about 5 s. */
export async function startApiServer(
  options: ApiServerOptions = {},
): Promise<ApiServer> {
  const binaries = await kubernetesBinaries();
  const folder = await mkdtemp(join(tmpdir(), "easymo-kube-"));
  const [port = 0, etcdPort = 0, peerPort = 0] = await freePorts(3);
  const server = new LocalApiServer(
    { binaries, folder, port, etcdPort, peerPort },
    options,
  );
  try {
    await server.launch();
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}

interface Place {
  readonly binaries: string;
  readonly folder: string;
  readonly port: number;
  readonly etcdPort: number;
  readonly peerPort: number;
}

class LocalApiServer implements ApiServer {
  readonly url: string;
  readonly port: number;
  readonly certificateAuthorityFile: string;
  readonly adminToken = randomBytes(24).toString("hex");
  readonly kubeconfig: string;
  readonly #place: Place;
  readonly #options: ApiServerOptions;
  #etcd: RunningProcess | undefined;
  #apiServer: RunningProcess | undefined;
  #kubeconfigs = 0;

  constructor(place: Place, options: ApiServerOptions) {
    this.#place = place;
    this.#options = options;
    this.port = place.port;
    this.url = `https://127.0.0.1:${place.port}`;
    this.kubeconfig = join(place.folder, "admin.kubeconfig");
    this.certificateAuthorityFile = join(place.folder, "certs/apiserver.crt");
  }

  async launch(): Promise<void> {
    const { folder } = this.#place;
    const keys = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "sec1", format: "pem" },
    });
    await Promise.all([
      writeFile(join(folder, "accounts.pub"), keys.publicKey),
      writeFile(join(folder, "accounts.key"), keys.privateKey),
      writeFile(
        join(folder, "tokens.csv"),
        `${this.adminToken},admin,admin,system:masters\n`,
      ),
      writeFile(
        this.kubeconfig,
        kubeconfig({
          server: this.url,
          certificateAuthorityFile: this.certificateAuthorityFile,
          token: this.adminToken,
          namespace: "default",
        }),
      ),
    ]);
    await this.#startEtcd();
    await this.start();
    const { manifests = [] } = this.#options;
    if (manifests.length === 0) return;
    const files = manifests.flatMap((file) => ["-f", file]);
    await this.kubectl(["apply", "--server-side", ...files]);
    await this.kubectl([
      ...["wait", "--for=condition=Established", "--timeout=60s"],
      ...["customresourcedefinitions", "--all"],
    ]);
  }

  async start(): Promise<void> {
    if (this.#apiServer?.isRunning() === true) return;
    const logFile = join(this.#place.folder, "kube-apiserver.log");
    const apiServer = await startProcess(
      join(this.#place.binaries, "kube-apiserver"),
      apiServerArguments(this.#place, this.#options),
      { logFile },
    );
    this.#apiServer = apiServer;
    await until(
      async () => {
        if (!apiServer.isRunning()) return true;
        const { status } = await this.request("GET", "/readyz");
        return status === 200;
      },
      { what: "The API server", timeoutMs: 120_000, everyMs: 50 },
    );
    if (apiServer.isRunning()) return;
    const log = await readFile(logFile, "utf8");
    throw new Error(`The API server ended:\n${log.slice(-2_000)}`);
  }

  async stop(): Promise<void> {
    await this.#apiServer?.kill();
  }

  freeze(): void {
    this.#apiServer?.freeze();
  }

  thaw(): void {
    this.#apiServer?.thaw();
  }

  async compact(): Promise<void> {
    const etcd = `http://127.0.0.1:${this.#place.etcdPort}/v3`;
    const ask = async (path: string, body: unknown): Promise<unknown> => {
      const response = await fetch(`${etcd}${path}`, {
        method: "POST",
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`etcd: ${await response.text()}`);
      return response.json();
    };
    const revision = revisionOf(await ask("/kv/range", { key: "AA==" }));
    await ask("/kv/compaction", { revision, physical: true });
  }

  async close(): Promise<void> {
    await this.#apiServer?.kill();
    await this.#etcd?.kill();
    await rm(this.#place.folder, { recursive: true, force: true });
  }

  kubectl(args: readonly string[], input?: string): Promise<string> {
    return runWithInput(
      join(this.#place.binaries, "kubectl"),
      [`--kubeconfig=${this.kubeconfig}`, ...args],
      // Its cache of what the server has would be shared with other servers of this user.
      { input: input ?? "", env: { HOME: this.#place.folder } },
    );
  }

  async request(
    method: string,
    path: string,
    options: { body?: unknown; contentType?: string; token?: string } = {},
  ): Promise<JsonAnswer> {
    return requestJson({
      method,
      url: `${this.url}${path}`,
      certificateAuthority: await readFile(this.certificateAuthorityFile),
      token: options.token ?? this.adminToken,
      body: options.body,
      contentType: options.contentType ?? "application/json",
    });
  }

  async createNamespace(name: string): Promise<void> {
    const answer = await this.request("POST", "/api/v1/namespaces", {
      body: { metadata: { name } },
    });
    expectOneOf(answer, [201, 409]);
  }

  async tokenFor(namespace: string, serviceAccount: string): Promise<string> {
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    const made = await this.request("POST", accounts, {
      body: { metadata: { name: serviceAccount } },
    });
    expectOneOf(made, [201, 409]);
    const answer = await this.request(
      "POST",
      `${accounts}/${serviceAccount}/token`,
      { body: { spec: { expirationSeconds: 7_200 } } },
    );
    expectOneOf(answer, [201]);
    return textAt(answer.body, ["status", "token"]);
  }

  async kubeconfigFor(
    namespace: string,
    serviceAccount: string,
    options: { server?: string } = {},
  ): Promise<string> {
    this.#kubeconfigs += 1;
    const file = join(
      this.#place.folder,
      `account-${this.#kubeconfigs}.kubeconfig`,
    );
    await writeFile(
      file,
      kubeconfig({
        server: options.server ?? this.url,
        certificateAuthorityFile: this.certificateAuthorityFile,
        token: await this.tokenFor(namespace, serviceAccount),
        namespace,
      }),
    );
    return file;
  }

  async #startEtcd(): Promise<void> {
    const { binaries, folder, etcdPort, peerPort } = this.#place;
    const client = `http://127.0.0.1:${etcdPort}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    const etcd = await startProcess(
      join(binaries, "etcd"),
      [
        `--data-dir=${join(folder, "etcd")}`,
        `--listen-client-urls=${client}`,
        `--advertise-client-urls=${client}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=default=${peer}`,
        // What a test writes need not outlive the machine.
        "--unsafe-no-fsync",
      ],
      { logFile: join(folder, "etcd.log") },
    );
    this.#etcd = etcd;
    await until(
      async () => (await fetch(`${client}/health`)).ok || !etcd.isRunning(),
      { what: "etcd", timeoutMs: 120_000 },
    );
    if (etcd.isRunning()) return;
    const log = await readFile(join(folder, "etcd.log"), "utf8");
    throw new Error(`etcd ended:\n${log.slice(-2_000)}`);
  }
}

function apiServerArguments(
  place: Place,
  { watchCache = true, watchSeconds = 1_800 }: ApiServerOptions,
): string[] {
  const file = (name: string): string => join(place.folder, name);
  return [
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${place.port}`,
    `--etcd-servers=http://127.0.0.1:${place.etcdPort}`,
    // It makes its own certificate there, and keeps it when it is started again.
    `--cert-dir=${file("certs")}`,
    `--token-auth-file=${file("tokens.csv")}`,
    "--authorization-mode=RBAC",
    "--anonymous-auth=false",
    // Nobody makes the accounts that this would ask of each pod.
    "--disable-admission-plugins=ServiceAccount",
    "--allow-privileged=true",
    "--service-cluster-ip-range=10.0.0.0/24",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${file("accounts.pub")}`,
    `--service-account-signing-key-file=${file("accounts.key")}`,
    `--watch-cache=${watchCache}`,
    `--min-request-timeout=${watchSeconds}`,
    // Only `compact` compacts.
    "--etcd-compaction-interval=0",
  ];
}

function kubeconfig(who: {
  server: string;
  certificateAuthorityFile: string;
  token: string;
  namespace: string;
}): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "test",
        cluster: {
          server: who.server,
          "certificate-authority": who.certificateAuthorityFile,
        },
      },
    ],
    users: [{ name: "test", user: { token: who.token } }],
    contexts: [
      {
        name: "test",
        context: { cluster: "test", user: "test", namespace: who.namespace },
      },
    ],
    "current-context": "test",
  });
}

function expectOneOf(answer: JsonAnswer, statuses: readonly number[]): void {
  if (statuses.includes(answer.status)) return;
  throw new Error(
    `The API server answered ${answer.status}: ${JSON.stringify(answer.body)}`,
  );
}

function revisionOf(answer: unknown): string {
  return textAt(answer, ["header", "revision"]);
}

function textAt(value: unknown, path: readonly string[]): string {
  let at = value;
  for (const name of path) {
    at =
      typeof at === "object" && at !== null
        ? new Map(Object.entries(at)).get(name)
        : undefined;
  }
  if (typeof at !== "string") {
    throw new Error(`An answer has no ${path.join(".")}.`);
  }
  return at;
}
