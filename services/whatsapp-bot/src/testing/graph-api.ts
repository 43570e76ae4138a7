import { createServer, type IncomingMessage, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";

const sendBody = z.looseObject({
  messaging_product: z.literal("whatsapp"),
  to: z.string().optional(),
  recipient: z.string().optional(),
  status: z.string().optional(),
  message_id: z.string().optional(),
  type: z.string().optional(),
  text: z.object({ body: z.string() }).optional(),
  biz_opaque_callback_data: z.string().optional(),
});

export type SentBody = z.output<typeof sendBody>;

/** One request that the stand-in was sent. */
export interface GraphRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: SentBody;
}

/** What it answers instead of accepting. */
export interface GraphAnswer {
  readonly status: number;
  readonly body?: unknown;
}

export function metaError(
  status: number,
  code: number,
  message = "(#0) refused",
): GraphAnswer {
  return {
    status,
    body: { error: { message, type: "OAuthException", code, fbtrace_id: "A" } },
  };
}

/** A local stand-in of the Graph API: records every request, answers as it is told. */
export class GraphApi {
  readonly requests: GraphRequest[] = [];
  /** Files by media id. */
  readonly media = new Map<string, { mimeType: string; bytes: Buffer }>();
  readonly #server: Server;
  readonly #answers: GraphAnswer[] = [];
  #arrivals: (() => void)[] = [];
  #sent = 0;
  #receiptsToRefuse = 0;
  url = "";

  private constructor() {
    this.#server = createServer((req, res) => {
      this.#answer(req).then(
        ({ status, body }) => {
          const isFile = Buffer.isBuffer(body);
          res.writeHead(status, {
            "content-type": isFile
              ? "application/octet-stream"
              : "application/json",
          });
          res.end(isFile ? body : JSON.stringify(body ?? {}));
        },
        () => res.destroy(),
      );
    });
  }

  static async start(): Promise<GraphApi> {
    const api = new GraphApi();
    await new Promise<void>((resolve) =>
      api.#server.listen(0, "127.0.0.1", resolve),
    );
    const address = api.#server.address();
    if (address === null || typeof address === "string")
      throw new Error("The stand-in has no port.");
    api.url = `http://127.0.0.1:${address.port}`;
    return api;
  }

  /** The next sends are answered with these, in order. */
  answerNext(...answers: readonly GraphAnswer[]): void {
    this.#answers.push(...answers);
  }

  /** Messages that were sent, in order; read receipts are not among them. */
  get sent(): readonly SentBody[] {
    return this.requests
      .filter(({ path, body }) => isSend(path, body))
      .map(({ body }) => body);
  }

  /** Read receipts, with typing or without, in order. */
  get readReceipts(): readonly GraphRequest[] {
    return this.requests.filter(({ body }) => body.status === "read");
  }

  /** So many read receipts to come are answered with an error. */
  refuseReceipts(count: number): void {
    this.#receiptsToRefuse = count;
  }

  sentTo(person: string): readonly SentBody[] {
    return this.sent.filter(
      ({ to, recipient }) => to === person || recipient === person,
    );
  }

  /** Resolves when that many messages were sent to someone. */
  async until(person: string, count: number): Promise<readonly SentBody[]> {
    while (this.sentTo(person).length < count) await this.#more();
    return this.sentTo(person);
  }

  /** Resolves when a message was marked as read. */
  async untilRead(messageId: string): Promise<void> {
    while (!this.readReceipts.some(({ body }) => body.message_id === messageId))
      await this.#more();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`nothing more was sent; so far: ${this.sent.length}`));
      }, 20_000);
      this.#arrivals.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async #answer(req: IncomingMessage): Promise<GraphAnswer> {
    const path = req.url ?? "";
    if (req.method === "GET") return this.#file(path);
    const body = sendBody.parse(JSON.parse(await text(req)));
    this.requests.push({
      path,
      authorization: req.headers.authorization,
      body,
    });
    for (const wake of this.#arrivals.splice(0)) wake();
    if (body.status === "read") {
      this.#receiptsToRefuse -= 1;
      return this.#receiptsToRefuse >= 0
        ? metaError(400, 131_009)
        : { status: 200, body: { success: true } };
    }
    const told = this.#answers.shift();
    if (told !== undefined) return told;
    this.#sent += 1;
    return {
      status: 200,
      body: {
        messaging_product: "whatsapp",
        messages: [{ id: `wamid.sent.${this.#sent}` }],
      },
    };
  }

  #file(path: string): GraphAnswer {
    const id = path.split("/").at(-1) ?? "";
    const file = this.media.get(id);
    if (file === undefined) return { status: 404 };
    return path.startsWith("/download/")
      ? { status: 200, body: file.bytes }
      : {
          status: 200,
          body: {
            url: `${this.url}/download/${id}`,
            mime_type: file.mimeType,
            file_size: file.bytes.length,
          },
        };
  }
}

function isSend(path: string, body: SentBody): boolean {
  return path.endsWith("/messages") && body.status === undefined;
}
