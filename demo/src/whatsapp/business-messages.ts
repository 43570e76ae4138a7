import { randomUUID } from "node:crypto";
import { type Bus, createEvent, type EventDataByType } from "@easymo/messaging";
import { Problem, requestContext } from "@easymo/service-kit";
import { z } from "zod";
import type { Business } from "../../console/src/whatsapp/wire.js";

/** A business is to say something to someone. */
export const messageOrder = z.strictObject({
  business: z.string().min(1),
  /** A number, or a user id. */
  to: z.string().min(1).max(128),
  kind: z.enum(["text", "buttons", "list", "link", "template", "document"]),
  text: z.string().trim().min(1).max(1_024),
});
export type MessageOrder = z.infer<typeof messageOrder>;

type MessageSend = EventDataByType["message.send"];

/** Publishes messages to be sent, as any application behind the bus would. */
export class BusinessMessages {
  readonly #bus: Bus;
  readonly #businesses: readonly Business[];

  constructor(bus: Bus, businesses: readonly Business[]) {
    this.#bus = bus;
    this.#businesses = businesses;
  }

  /** Resolves once `whatsapp.outbound` has it. */
  async order(order: MessageOrder): Promise<void> {
    const business = this.#businesses.find(({ id }) => id === order.business);
    if (business === undefined)
      throw new Problem({
        status: 404,
        code: "unknown_business",
        title: "No business has this phone number id",
      });
    const { tenant, agent } = business;
    const event = createEvent("message.send", {
      tenantId: tenant,
      source: "/demo/console",
      requestId: requestContext()?.requestId ?? randomUUID(),
      data: messageOf(order, {
        tenantId: tenant,
        to: order.to,
        agent,
        phoneNumberId: business.id,
        dedupeKey: randomUUID(),
        at: new Date().toISOString(),
      }),
    });
    await this.#bus.publishEvent("whatsapp.outbound", event);
  }
}

type Common = Pick<
  MessageSend,
  "tenantId" | "to" | "agent" | "phoneNumberId" | "dedupeKey" | "at"
>;

function messageOf({ kind, text }: MessageOrder, common: Common): MessageSend {
  const notice = { ...common, purpose: "notice" } as const;
  switch (kind) {
    case "text":
      return { ...notice, kind, text };
    case "template":
      return { ...common, purpose: "marketing", kind, template: offer };
    case "document":
      return { ...notice, kind, media: { ...quotation, caption: text } };
    case "buttons":
    case "list":
    case "link": {
      const interactive = { body: { text }, ...actions[kind] };
      return { ...notice, kind: "interactive", interactive };
    }
  }
}

const actions = {
  buttons: {
    type: "button",
    action: {
      buttons: [
        { type: "reply", reply: { id: "yes", title: "Yes, please" } },
        { type: "reply", reply: { id: "later", title: "Later" } },
        { type: "reply", reply: { id: "stop", title: "Stop" } },
      ],
    },
  },
  list: {
    type: "list",
    action: {
      button: "Choose a shop",
      sections: [
        {
          title: "Near you",
          rows: [
            {
              id: "remera",
              title: "Remera Moto Parts",
              description: "4,500 RWF, ten minutes away",
            },
            {
              id: "nyabugogo",
              title: "Nyabugogo Spares",
              description: "4,200 RWF, half an hour away",
            },
          ],
        },
      ],
    },
  },
  link: {
    type: "cta_url",
    action: {
      name: "cta_url",
      parameters: {
        display_text: "See the part",
        url: "https://parts.example/brake-pads",
      },
    },
  },
};

const offer = {
  name: "this_weeks_offer",
  language: "en_US",
  components: [
    {
      type: "body",
      parameters: [
        { type: "text", text: "brake pads" },
        { type: "text", text: "3,900 RWF" },
      ],
    },
  ],
};

const quotation = {
  link: "https://parts.example/quotation.pdf",
  filename: "quotation.pdf",
};
