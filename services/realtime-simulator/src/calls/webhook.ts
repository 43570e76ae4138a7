import { createHmac, randomUUID } from "node:crypto";
import type { Clock, Logger } from "@easymo/service-kit";

/** Where an account's webhooks go. */
export interface WebhookTarget {
  readonly url: string;
  /** `whsec_…`: what the deliveries are signed with. */
  readonly secret: string;
}

export interface IncomingCall {
  readonly callId: string;
  /** Of the From and To headers, as SIP writes them. */
  readonly from: string;
  readonly to: string;
}

export interface WebhookDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Nobody waits for the call any more. */
  isOver(): boolean;
}

/** A delivery that fails is made again, at growing distances. */
const RETRY_DELAYS_MS = [250, 500, 1_000, 2_000, 4_000, 8_000];
const TIMEOUT_MS = 10_000;

/** Tells of `realtime.call.incoming`, signed after Standard Webhooks, until it is taken. Never rejects. */
export async function announceCall(
  target: WebhookTarget,
  call: IncomingCall,
  deps: WebhookDeps,
): Promise<void> {
  const webhookId = `wh_${randomUUID().replaceAll("-", "")}`;
  const body = incomingCallBody(call, Math.floor(deps.clock.now() / 1_000));
  for (const delayMs of [...RETRY_DELAYS_MS, undefined]) {
    if (deps.isOver()) return;
    const outcome = await deliver(target, webhookId, body, deps.clock);
    if (outcome === "taken") return;
    deps.logger.warn({ outcome }, "the webhook of a call was not taken");
    if (delayMs === undefined) return;
    await new Promise<void>((resolve) =>
      deps.clock.setTimeout(resolve, delayMs),
    );
  }
}

function incomingCallBody(call: IncomingCall, atSeconds: number): string {
  return JSON.stringify({
    id: `evt_${call.callId}`,
    object: "event",
    created_at: atSeconds,
    type: "realtime.call.incoming",
    data: {
      call_id: call.callId,
      sip_headers: [
        { name: "From", value: call.from },
        { name: "To", value: call.to },
        { name: "Call-ID", value: `${call.callId}@sip.simulator` },
      ],
    },
  });
}

async function deliver(
  { url, secret }: WebhookTarget,
  webhookId: string,
  body: string,
  clock: Clock,
): Promise<string> {
  const timestamp = String(Math.floor(clock.now() / 1_000));
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signature = createHmac("sha256", key)
    .update(`${webhookId}.${timestamp}.${body}`)
    .digest("base64");
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": "OpenAI/1.0 (+https://platform.openai.com/docs/webhooks)",
        "webhook-id": webhookId,
        "webhook-timestamp": timestamp,
        "webhook-signature": `v1,${signature}`,
      },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return answer.ok ? "taken" : `HTTP ${answer.status}`;
  } catch (error) {
    return error instanceof Error ? error.message : "failed";
  }
}
