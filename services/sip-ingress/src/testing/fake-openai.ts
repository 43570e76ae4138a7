import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import { json } from "node:stream/consumers";

export const WEBHOOK_SECRET = `whsec_${Buffer.from("a secret for tests").toString("base64")}`;

export interface CallRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** The calls API: keeps what it is asked, and answers as told. */
export class FakeOpenAi {
  readonly requests: CallRequest[] = [];
  /** Statuses of the next answers, in turn; then 200. */
  readonly statuses: number[] = [];
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}/v1`;
  }

  static async start(): Promise<FakeOpenAi> {
    const server = createServer();
    await new Promise<void>((resolve) =>
      server.listen(0, "127.0.0.1", resolve),
    );
    const address = server.address();
    if (address === null || typeof address === "string")
      throw new Error("a listening server has no port");
    const fake = new FakeOpenAi(server, address.port);
    server.on("request", (req, res) => {
      void json(req).then((body) => {
        fake.requests.push({
          path: req.url ?? "",
          authorization: req.headers.authorization,
          body,
        });
        res.statusCode = fake.statuses.shift() ?? 200;
        res.setHeader("content-type", "application/json");
        res.end("{}");
      });
    });
    return fake;
  }

  /** What was asked about one call. */
  of(callId: string): CallRequest[] {
    return this.requests.filter(({ path }) => path.includes(`/${callId}/`));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A webhook as OpenAI sends it, signed after Standard Webhooks. */
export function signedWebhook(
  id: string,
  body: string,
  options: { secret?: string; atSeconds?: number } = {},
): { body: string; headers: Record<string, string> } {
  const secret = options.secret ?? WEBHOOK_SECRET;
  const timestamp = String(options.atSeconds ?? Math.floor(Date.now() / 1_000));
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signature = createHmac("sha256", key)
    .update(`${id}.${timestamp}.${body}`)
    .digest("base64");
  return {
    body,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${signature}`,
    },
  };
}

/** `realtime.call.incoming`. */
export function incomingCallBody(
  callId: string,
  to: string,
  from = '"A caller" <sip:+250788000009@carrier.example>;tag=x1',
): string {
  return JSON.stringify({
    id: `evt_${callId}`,
    object: "event",
    created_at: 1_772_354_400,
    type: "realtime.call.incoming",
    data: {
      call_id: callId,
      sip_headers: [
        { name: "Via", value: "SIP/2.0/TLS 192.0.2.1" },
        { name: "From", value: from },
        { name: "To", value: to },
        { name: "Call-ID", value: "03782086@192.0.2.1" },
      ],
    },
  });
}
