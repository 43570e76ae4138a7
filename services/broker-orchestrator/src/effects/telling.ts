import {
  createEvent,
  deriveEventId,
  type EasymoEvent,
  type EventDataByType,
} from "@easymo/messaging";
import { contactOf, type Conversation } from "../conversation/state.js";
import type { EffectOf } from "../machine/effects.js";
import { SOURCE, type Executor } from "./executor.js";
import { hasOptedOut, mayStill } from "./permission.js";

/** Tells everybody who follows `broker.outbound`. */
export const publish: Executor<"publish"> = async (
  { bus },
  effect,
  { conversation },
  signal,
) => {
  const event = outboundEvent(effect, conversation);
  await bus.publishEvent("broker.outbound", event, { signal });
  return { kind: "done" };
};

function outboundEvent(
  effect: EffectOf<"publish">,
  conversation: Conversation,
): EasymoEvent {
  const { names, agent, tenantId } = conversation;
  const { what } = effect;
  const common = {
    tenantId,
    contact: contactOf(conversation),
    at: what.at,
    ...(names.phone === undefined ? {} : { phone: names.phone }),
    ...(names.userId === undefined ? {} : { userId: names.userId }),
    ...(agent === undefined ? {} : { agent }),
  };
  const envelope = {
    id: effect.key,
    tenantId,
    source: SOURCE,
    requestId: effect.requestId,
    ...(effect.traceparent === undefined
      ? {}
      : { traceparent: effect.traceparent }),
  };
  switch (what.type) {
    case "opt_out.registered": {
      const { type, ...data } = what;
      return createEvent(type, { ...envelope, data: { ...common, ...data } });
    }
    case "payment.requested": {
      const { type, ...data } = what;
      return createEvent(type, { ...envelope, data: { ...common, ...data } });
    }
    case "conversation.updated": {
      const { type, lastEventType, handover } = what;
      const { id, channels, lastChannel, turns } = conversation;
      return createEvent(type, {
        ...envelope,
        data: {
          ...common,
          conversationId: id,
          channels: [...channels],
          lastChannel: lastChannel ?? "whatsapp",
          lastEventId: effect.eventId,
          lastEventType,
          turns,
          handover,
        },
      });
    }
    case "lead.updated": {
      const { type, tags, ...data } = what;
      return createEvent(type, {
        ...envelope,
        data: { ...common, ...data, tags: [...tags] },
      });
    }
    case "ranking.forwarded": {
      const { type, offers, ...data } = what;
      const candidates = offers.map(({ reasons, price, ...offer }) => ({
        ...offer,
        price: Math.max(0, price),
        reasons: [...reasons],
      }));
      return createEvent(type, {
        ...envelope,
        data: { ...common, ...data, candidates },
      });
    }
  }
}

/** Says something on WhatsApp, unless the person has opted out since. */
export const sendWhatsApp: Executor<"send_whatsapp"> = async (
  deps,
  effect,
  about,
  signal,
) => {
  const { conversation } = about;
  const { names } = conversation;
  const to = names.phone ?? names.userId;
  if (to === undefined) return { kind: "withheld", reason: "no_address" };
  if (await hasOptedOut(deps, effect, conversation, signal))
    return { kind: "withheld", reason: "opted_out" };
  // Last, and right before it goes.
  if (!(await mayStill(deps, effect, about)))
    return { kind: "withheld", reason: "cancelled" };
  await deps.bus.publishEvent(
    "whatsapp.outbound",
    messageEvent(effect, conversation, to),
    { signal },
  );
  return { kind: "done" };
};

function messageEvent(
  effect: EffectOf<"send_whatsapp">,
  { tenantId, names, whatsapp }: Conversation,
  to: string,
): EasymoEvent<"message.send"> {
  const { purpose, text, dedupeKey, agent, callId, inReplyTo, at } = effect;
  const data: EventDataByType["message.send"] = {
    tenantId,
    userId: names.userId ?? to,
    to,
    at,
    kind: "text",
    text,
    purpose,
    dedupeKey,
    ...(names.phone === undefined ? {} : { phone: names.phone }),
    ...(agent === undefined ? {} : { agent }),
    ...(callId === undefined ? {} : { callId }),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(whatsapp?.phoneNumberId === undefined
      ? {}
      : { phoneNumberId: whatsapp.phoneNumberId }),
  };
  return createEvent("message.send", {
    id: deriveEventId("message.send", tenantId, dedupeKey),
    tenantId,
    source: SOURCE,
    requestId: effect.requestId,
    ...(effect.traceparent === undefined
      ? {}
      : { traceparent: effect.traceparent }),
    data,
  });
}

/** Has the person called, who asked for it. */
export const placeCall: Executor<"place_call"> = async (
  deps,
  effect,
  about,
  signal,
) => {
  const { voiceBridge } = deps;
  if (voiceBridge === undefined)
    return { kind: "refused", code: "no_voice_bridge" };
  if (await hasOptedOut(deps, effect, about.conversation, signal))
    return { kind: "withheld", reason: "opted_out" };
  if (!(await mayStill(deps, effect, about)))
    return { kind: "withheld", reason: "cancelled" };
  const { tenantId } = about.conversation;
  const { to, agent, key, requestId } = effect;
  return voiceBridge.call({ tenantId, to, agent }, { key, requestId, signal });
};
