import { createServer } from "node:http";
import { z } from "zod";
import { bodyOf } from "./request-body.js";

const message = z.looseObject({
  to: z.string().optional(),
  type: z.string().optional(),
  text: z.looseObject({ body: z.string() }).optional(),
});
/** What a bot asked WhatsApp to send. */
export type SentMessage = z.infer<typeof message>;

const webhookChange = z.object({
  webhook_configuration: z.object({ override_callback_uri: z.string() }),
});

/** WhatsApp's side of the Graph API: takes what the bot sends and what a number's webhooks are set to, and keeps it. */
export interface GraphApi {
  readonly port: number;
  readonly sent: readonly SentMessage[];
  /** Where a phone number id's webhooks go. */
  readonly webhooks: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

/** Listens on an address that pods reach. Source: developers.facebook.com/docs/whatsapp/cloud-api/reference/messages */
export async function startGraphApi(
  host: string,
  accessToken: string,
): Promise<GraphApi> {
  const sent: SentMessage[] = [];
  const webhooks = new Map<string, string>();
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    bodyOf(request)
      .then((body) => {
        if (request.headers.authorization !== `Bearer ${accessToken}`) {
          answer(401, { error: { code: 190, message: "Invalid OAuth token" } });
          return;
        }
        const id = /^\/v[\d.]+\/(\d+)(?:\?|$)/.exec(request.url ?? "")?.[1];
        if (id !== undefined) {
          if (request.method === "POST")
            webhooks.set(
              id,
              webhookChange.parse(JSON.parse(body)).webhook_configuration
                .override_callback_uri,
            );
          answer(200, {
            id,
            success: true,
            webhook_configuration: { phone_number: webhooks.get(id) ?? "" },
          });
          return;
        }
        const asked = message.parse(JSON.parse(body));
        // A read receipt has no addressee.
        if (asked.to === undefined) {
          answer(200, { success: true });
          return;
        }
        sent.push(asked);
        answer(200, {
          messaging_product: "whatsapp",
          contacts: [{ input: asked.to, wa_id: asked.to.replace("+", "") }],
          messages: [{ id: `wamid.sent.${sent.length}` }],
        });
      })
      .catch(() => {
        answer(400, { error: { code: 100, message: "Invalid parameter" } });
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("A listening server has no port.");
  return {
    port: address.port,
    sent,
    webhooks,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
