import type { Outcome } from "../machine/effects.js";

export interface VoiceBridgeClient {
  /** Has someone called. Rejects when voice-bridge does not answer, or cannot now. */
  call(
    body: { tenantId: string; to: string; agent: string },
    options: { key: string; requestId: string; signal: AbortSignal },
  ): Promise<Outcome>;
}

/** voice-bridge did not take a call, and may another time. */
export class VoiceBridgeError extends Error {
  override readonly name = "VoiceBridgeError";
  readonly retryable = true;
  readonly status: number | undefined;

  constructor(detail: string, status?: number, cause?: unknown) {
    super(detail, cause === undefined ? {} : { cause });
    this.status = status;
  }
}

const TIMEOUT_MS = 5_000;
/** No and no again; anything else may be another time. */
const REFUSED = new Set([400, 404, 409, 422]);

/** voice-bridge's `POST /calls`, behind its bearer token. */
export function createVoiceBridgeClient(options: {
  baseUrl: string;
  token: string;
}): VoiceBridgeClient {
  const url = `${options.baseUrl.replace(/\/+$/, "")}/calls`;
  return {
    async call(body, { key, requestId, signal }) {
      const response = await fetch(url, {
        method: "POST",
        headers: {
          authorization: `Bearer ${options.token}`,
          "content-type": "application/json",
          "idempotency-key": key,
          "x-request-id": requestId,
        },
        body: JSON.stringify(body),
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      }).catch((cause: unknown) => {
        throw new VoiceBridgeError(
          "voice-bridge does not answer",
          undefined,
          cause,
        );
      });
      await response.body?.cancel();
      const { status } = response;
      if (response.ok) return { kind: "calling" };
      if (status === 409 && response.headers.has("retry-after"))
        throw new VoiceBridgeError("the call is being placed", status);
      if (status === 409) return { kind: "refused", code: "opted_out" };
      if (REFUSED.has(status))
        return { kind: "refused", code: `http_${status}` };
      throw new VoiceBridgeError(`voice-bridge says ${status}`, status);
    },
  };
}
