import { createHmac, randomUUID } from "node:crypto";
import { tone, writeCaption } from "@easymo/telephone-audio";

/** What a synthetic caller says: the words travel inside the sound, and the offline model reads them. */
export function utterance(text: string, language = "en"): Buffer {
  return writeCaption(tone({ hz: 440, durationMs: 900 }), { text, language });
}

/** A WhatsApp message of someone, as Meta's webhook brings it. */
export interface Written {
  readonly phoneNumberId: string;
  readonly waId: string;
  readonly text: string;
  readonly messageId?: string;
}

/** Posts it signed, as Meta does; resolves with the answer's status. */
export async function writeOnWhatsApp(
  url: string,
  appSecret: string,
  written: Written,
): Promise<number> {
  const body = JSON.stringify(webhookOf(written));
  const digest = createHmac("sha256", appSecret).update(body).digest("hex");
  const response = await fetch(`${url}/webhook`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-hub-signature-256": `sha256=${digest}`,
    },
    body,
    signal: AbortSignal.timeout(15_000),
  });
  await response.arrayBuffer();
  return response.status;
}

function webhookOf({ phoneNumberId, waId, text, messageId }: Written) {
  const id = messageId ?? `wamid.${randomUUID()}`;
  return {
    object: "whatsapp_business_account",
    entry: [
      {
        id: "102290129340398",
        changes: [
          {
            field: "messages",
            value: {
              messaging_product: "whatsapp",
              metadata: {
                display_phone_number: "250780000001",
                phone_number_id: phoneNumberId,
              },
              contacts: [{ profile: { name: "Aline" }, wa_id: waId }],
              messages: [
                {
                  id,
                  from: waId,
                  timestamp: String(Math.floor(Date.now() / 1_000)),
                  type: "text",
                  text: { body: text },
                },
              ],
            },
          },
        ],
      },
    ],
  };
}

/** One event of a SIP proxy. */
export interface Signal {
  readonly callId: string;
  readonly event: "ringing" | "connected" | "audio" | "dtmf" | "ended";
  readonly from: string;
  readonly to: string;
}

/** Posts it with the tenant's token; resolves with the answer. */
export async function signal(
  url: string,
  token: string,
  told: Signal,
): Promise<{ status: number; replayed: boolean }> {
  const response = await fetch(`${url}/sip/events`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({
      ...told,
      timestamp: new Date().toISOString(),
      idempotencyKey: `${told.callId}-${told.event}`,
    }),
    signal: AbortSignal.timeout(15_000),
  });
  await response.arrayBuffer();
  return {
    status: response.status,
    replayed: response.headers.get("idempotency-replayed") === "true",
  };
}
