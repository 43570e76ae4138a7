import { z } from "zod";
import { SendError } from "./errors.js";
import { verdictOf, type Verdict } from "./graph-verdict.js";

export interface GraphClientOptions {
  /** `GRAPH_API_URL`, with the version. */
  readonly baseUrl: string;
  readonly accessToken: string;
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
}

/** A request that Meta answered with an error, or did not answer. */
export class GraphError extends SendError {
  readonly verdict: Verdict;

  constructor(
    verdict: Verdict,
    code: string,
    detail: string,
    options: { cause?: unknown } = {},
  ) {
    super(code, detail, { ...options, retryable: verdict === "retry" });
    this.verdict = verdict;
  }
}

const sent = z.object({
  messages: z.array(z.object({ id: z.string().min(1).max(512) })).min(1),
});

const refused = z.object({
  error: z.object({
    code: z.int(),
    type: z.string().optional(),
    message: z.string().optional(),
    error_data: z.object({ details: z.string() }).optional().catch(undefined),
  }),
});

const mediaPlace = z.object({ url: z.url(), mime_type: z.string().optional() });

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_DETAIL = 500;

/** WhatsApp's part of the Graph API. Every method rejects with GraphError. */
export class GraphClient {
  readonly #baseUrl: string;
  readonly #token: string;
  readonly #timeoutMs: number;
  readonly #fetch: typeof fetch;

  constructor(options: GraphClientOptions) {
    this.#baseUrl = options.baseUrl.replace(/\/+$/, "");
    this.#token = options.accessToken;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#fetch = options.fetch ?? fetch;
  }

  /** Sends a message; resolves with Meta's id of it. */
  async send(
    phoneNumberId: string,
    message: Readonly<Record<string, unknown>>,
  ): Promise<string> {
    const json = await this.#post(phoneNumberId, message);
    const parsed = sent.safeParse(json);
    if (parsed.success) return parsed.data.messages[0]?.id ?? "";
    // Accepted as far as can be known: trying again might send it twice.
    throw new GraphError(
      "refused",
      "bad_answer",
      "the Graph API accepted the message but gave it no id",
    );
  }

  /**
   * Shows the person that their message was read, and, if wanted, that an answer is on its way.
   * Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/typing-indicators
   */
  async markRead(
    phoneNumberId: string,
    messageId: string,
    { isTyping }: { isTyping: boolean },
  ): Promise<void> {
    await this.#post(phoneNumberId, {
      messaging_product: "whatsapp",
      status: "read",
      message_id: messageId,
      ...(isTyping ? { typing_indicator: { type: "text" } } : {}),
    });
  }

  /** The bytes of a file that someone sent. */
  async media(
    mediaId: string,
    options: { maxBytes: number },
  ): Promise<{ bytes: Buffer<ArrayBuffer>; mimeType: string | undefined }> {
    const place = mediaPlace.safeParse(
      await this.#json(
        await this.#request(`${this.#baseUrl}/${encodeURIComponent(mediaId)}`),
      ),
    );
    if (!place.success)
      throw new GraphError("refused", "bad_answer", "the file has no address");
    const file = await this.#request(place.data.url);
    if (!file.ok) throw await failure(file);
    const bytes = Buffer.from(await file.arrayBuffer());
    if (bytes.length > options.maxBytes)
      throw new GraphError("refused", "too_large", "the file is too large");
    return { bytes, mimeType: place.data.mime_type };
  }

  async #post(phoneNumberId: string, body: unknown): Promise<unknown> {
    return this.#json(
      await this.#request(`${this.#baseUrl}/${phoneNumberId}/messages`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    );
  }

  async #json(response: Response): Promise<unknown> {
    if (!response.ok) throw await failure(response);
    return response.json().catch(() => undefined);
  }

  async #request(url: string, init: RequestInit = {}): Promise<Response> {
    try {
      return await this.#fetch(url, {
        ...init,
        headers: {
          ...Object.fromEntries(new Headers(init.headers)),
          authorization: `Bearer ${this.#token}`,
        },
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
    } catch (cause) {
      throw new GraphError(
        "retry",
        "unreachable",
        "the Graph API did not answer",
        { cause },
      );
    }
  }
}

async function failure(response: Response): Promise<GraphError> {
  const { status } = response;
  const parsed = refused.safeParse(await response.json().catch(() => ({})));
  const error = parsed.data?.error;
  const detail = error?.error_data?.details ?? error?.message ?? "no reason";
  return new GraphError(
    verdictOf({ status, code: error?.code }),
    String(error?.code ?? `http_${status}`),
    `HTTP ${status}, ${detail.slice(0, MAX_DETAIL)}`,
  );
}
