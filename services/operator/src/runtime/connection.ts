import { Agent as HttpAgent, request as httpRequest } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import {
  Agent as HttpsAgent,
  request as httpsRequest,
  type RequestOptions,
} from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { z } from "zod";
import { KubernetesError } from "./errors.js";

export interface KubernetesRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Default: application/json. */
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
}

/** A line may be gone without a word: whatever is silent for so long is given up. */
const REQUEST_TIMEOUT_MS = 10_000;

/** The API server sends a bookmark about every minute: nothing for so long is no quiet kind, but a dead line. */
const WATCH_SILENCE_MS = 100_000;

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
const statusSchema = z.object({
  message: z.string().optional(),
  reason: z.string().optional(),
  code: z.number().optional(),
});

/**
 * HTTP to the API server: credentials and certificates are the client library's, connections are ours. (Its own make a
 * new pool, and so a new TLS connection, for each request.)
 */
export class KubernetesConnection {
  readonly #config: KubeConfig;
  readonly #server: URL;
  #requests: HttpsAgent | HttpAgent | undefined;
  #watches: HttpsAgent | HttpAgent | undefined;
  #trust = "";

  constructor(config: KubeConfig) {
    this.#config = config;
    this.#server = new URL(config.getCurrentCluster()?.server ?? "");
  }

  /** The answer's JSON. Rejects with KubernetesError for everything but 2xx. */
  async json(request: KubernetesRequest): Promise<unknown> {
    const response = await this.#send(request, "requests", REQUEST_TIMEOUT_MS);
    const text = await textOf(response);
    return parseJson(text);
  }

  /** Calls back for each line of an answer that goes on; resolves when the API server ends it. */
  async lines(
    request: KubernetesRequest,
    onLine: (line: string) => void,
  ): Promise<void> {
    const response = await this.#send(request, "watches", WATCH_SILENCE_MS);
    response.setEncoding("utf8");
    let rest = "";
    try {
      for await (const chunk of response) {
        rest += String(chunk);
        const lines = rest.split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (line !== "") onLine(line);
      }
    } catch (cause) {
      if (cause instanceof KubernetesError) throw cause;
      throw noAnswer(request, cause);
    } finally {
      response.destroy();
    }
  }

  /** Ends what is idle and what is under way. */
  close(): void {
    this.#requests?.destroy();
    this.#watches?.destroy();
  }

  async #send(
    request: KubernetesRequest,
    pool: "requests" | "watches",
    silenceMs: number,
  ): Promise<IncomingMessage> {
    const body = request.body === undefined ? "" : JSON.stringify(request.body);
    const options = await this.#options(request, body, pool);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const url = this.#url(request);
      const sent: ClientRequest =
        url.protocol === "http:"
          ? httpRequest(url, options, resolve)
          : httpsRequest(url, options, resolve);
      sent.setTimeout(silenceMs, () =>
        sent.destroy(new Error(`nothing was heard for ${silenceMs} ms`)),
      );
      // More than one may come, of which the later have nobody to go to.
      sent.on("error", reject);
      sent.end(body);
    }).catch((cause: unknown) => {
      throw noAnswer(request, cause);
    });
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    throw refusal(request, response, await textOf(response));
  }

  async #options(
    request: KubernetesRequest,
    body: string,
    pool: "requests" | "watches",
  ): Promise<RequestOptions> {
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options).catch((cause: unknown) => {
      throw new KubernetesError(
        "The kubeconfig's credentials cannot be read.",
        {
          cause,
        },
      );
    });
    return {
      ...options,
      method: request.method,
      agent: this.#agent(options, pool),
      headers: {
        ...headersOf(options),
        accept: "application/json",
        "user-agent": "easymo-operator",
        ...(request.body === undefined
          ? {}
          : {
              "content-type": request.contentType ?? "application/json",
              // Node does not say by itself how long the body of a DELETE is.
              "content-length": String(Buffer.byteLength(body)),
            }),
      },
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    };
  }

  /** Connections are kept, until the certificates are other ones. A proxy has an agent of the library's. */
  #agent(options: RequestOptions, pool: "requests" | "watches") {
    if (this.#config.getCurrentCluster()?.proxyUrl !== undefined)
      return options.agent;
    const { ca, cert, key, servername, rejectUnauthorized } = options;
    const trust = JSON.stringify([ca, cert, key].map(String));
    if (trust !== this.#trust) {
      this.#trust = trust;
      const tls = { ca, cert, key, servername, rejectUnauthorized };
      const common = { keepAlive: true, keepAliveMsecs: 30_000 };
      const make = () =>
        this.#server.protocol === "http:"
          ? new HttpAgent(common)
          : new HttpsAgent({ ...common, ...tls });
      this.#requests = make();
      this.#watches = make();
    }
    return pool === "requests" ? this.#requests : this.#watches;
  }

  #url({ path, query }: KubernetesRequest): URL {
    const url = new URL(this.#server);
    url.pathname = `${url.pathname.replace(/\/$/, "")}${path}`;
    for (const [name, value] of Object.entries(query ?? {}))
      if (value !== undefined) url.searchParams.set(name, value);
    return url;
  }
}

function headersOf({ headers }: RequestOptions): Record<string, string> {
  if (headers === undefined || Array.isArray(headers)) return {};
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, String(value)]),
  );
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response)
    chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)));
  return Buffer.concat(chunks).toString();
}

function parseJson(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function noAnswer(
  { method, path, signal }: KubernetesRequest,
  cause: unknown,
): KubernetesError {
  const why =
    signal?.aborted === true
      ? "it was given up"
      : cause instanceof Error
        ? cause.message
        : String(cause);
  return new KubernetesError(
    `The API server did not answer ${method} ${path}: ${why}.`,
    { cause },
  );
}

function refusal(
  { method, path }: KubernetesRequest,
  response: IncomingMessage,
  text: string,
): KubernetesError {
  const status = statusSchema.safeParse(parseJson(text)).data;
  const seconds = Number(response.headers["retry-after"]);
  return new KubernetesError(
    `The API server refused ${method} ${path} (${response.statusCode}): ${status?.message ?? text.slice(0, 500)}`,
    {
      status: response.statusCode,
      reason: status?.reason,
      retryAfterMs: seconds > 0 ? seconds * 1_000 : undefined,
    },
  );
}

/** What an ERROR event of a watch says. */
export function statusError(path: string, object: unknown): KubernetesError {
  const status = statusSchema.safeParse(object).data;
  return new KubernetesError(
    `The API server ended the watch of ${path}: ${status?.message ?? "it did not say why"}`,
    { status: status?.code, reason: status?.reason },
  );
}
