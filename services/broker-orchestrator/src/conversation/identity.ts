import type { EasymoEvent } from "@easymo/messaging";

/** By what a person is known to a tenant. */
export interface Names {
  /** E.164. */
  readonly phone?: string;
  /** WhatsApp's user id. */
  readonly userId?: string;
  /** A SIP URI without a number in it. */
  readonly sip?: string;
  /** Calls, newest last: of a person who is not known by anything else, or to find them by. */
  readonly callIds?: readonly string[];
}

/** Who an event is about. */
export interface Identity {
  readonly names: Names;
  /** The keys that lead to the person's conversation, the one to keep it under first. */
  readonly keys: readonly string[];
}

/** Whether an address is one of the tenant's own. */
export type IsOurs = (tenantId: string, address: string) => boolean;

const MAX_USER_ID = 256;

/** A phone number of an address in E.164: as it is, or out of a SIP or tel URI. Pure. */
export function phoneOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const [, number] =
    /^(?:<?(?:sips?|tel):)?(\+[1-9]\d{5,14})(?:[@;>].*)?$/i.exec(
      address.trim(),
    ) ?? [];
  return number;
}

/** Who an event is about; undefined when it says nothing of anyone. Pure. */
export function identityOf(event: EasymoEvent, isOurs: IsOurs): Identity {
  switch (event.type) {
    case "message.received": {
      const { data } = event;
      const own = data.contacts?.find(({ userId }) => userId === data.userId);
      const told = own?.phones.map(phoneOf).find((one) => one !== undefined);
      const { userId, phone = told } = data;
      return withNew(ofUser({ userId, phone }), data.system);
    }
    case "message.status":
    case "message.opt_out":
    case "message.opt_in":
      return ofUser(event.data);
    case "intent.captured": {
      const { contact, userId, callId, from } = event.data;
      if (userId !== undefined)
        return ofUser({ userId, phone: phoneOf(contact) });
      const address = contact === callId ? (from ?? contact) : contact;
      return ofCaller(address, callId, false);
    }
    case "call.opt_out":
      return ofCaller(
        phoneOf(event.data.phone) ?? personIn(event, isOurs),
        event.data.callId,
        false,
      );
    case "call.start":
      return ofCaller(
        event.data.direction === "outbound" ? event.data.to : event.data.from,
        event.data.callId,
        true,
      );
    case "sip.ringing":
    case "sip.connected":
      return ofCaller(personIn(event, isOurs), event.data.callId, true);
    default:
      return ofCaller(
        personIn(event, isOurs),
        "callId" in event.data ? event.data.callId : undefined,
        false,
      );
  }
}

/** The side of a call that is not ours; undefined when neither tells. */
function personIn(event: EasymoEvent, isOurs: IsOurs): string | undefined {
  if (!("from" in event.data)) return undefined;
  const { from } = event.data;
  // Of a transfer, `to` is where the call goes, not who was dialled.
  const to =
    event.type === "call.transfer" || !("to" in event.data)
      ? undefined
      : event.data.to;
  if (from !== undefined && !isOurs(event.tenantId, from)) return from;
  if (from !== undefined && to !== undefined) return to;
  return undefined;
}

function ofUser(data: {
  userId: string;
  phone?: string | undefined;
}): Identity {
  const phone = data.phone ?? phoneOf(data.userId);
  const userId =
    phoneOf(data.userId) === undefined
      ? data.userId.slice(0, MAX_USER_ID)
      : undefined;
  const names = {
    ...(phone === undefined ? {} : { phone }),
    ...(userId === undefined ? {} : { userId }),
  };
  return { names, keys: keysOf(names) };
}

/** Someone took another number or user id: the new one leads to the same conversation. */
function withNew(
  identity: Identity,
  change: {
    newPhone?: string | undefined;
    newUserId?: string | undefined;
  } = {},
): Identity {
  const { newPhone, newUserId } = change;
  if (newPhone === undefined && newUserId === undefined) return identity;
  const names = {
    ...identity.names,
    ...(newPhone === undefined ? {} : { phone: newPhone }),
    ...(newUserId === undefined ? {} : { userId: newUserId }),
  };
  return { names, keys: [...new Set([...identity.keys, ...keysOf(names)])] };
}

/** @param opens whether later events of the call may come without the person's address */
function ofCaller(
  address: string | undefined,
  callId: string | undefined,
  opens: boolean,
): Identity {
  const phone = phoneOf(address);
  const sip = phone === undefined ? sipOf(address) : undefined;
  const isKnown = phone !== undefined || sip !== undefined;
  const names = {
    ...(phone === undefined ? {} : { phone }),
    ...(sip === undefined ? {} : { sip }),
    ...(callId === undefined || (isKnown && !opens)
      ? {}
      : { callIds: [callId] }),
  };
  return { names, keys: keysOf(names) };
}

function sipOf(address: string | undefined): string | undefined {
  const [, uri] =
    /^<?(sips?:[^@;>\s]+@[^;>\s]+)/i.exec(address?.trim() ?? "") ?? [];
  const name = uri?.toLowerCase();
  // Callers who withhold who they are share these.
  return name === undefined ||
    /^sips?:(anonymous|unknown|restricted)@/.test(name)
    ? undefined
    : name;
}

/** The keys of a person, the one that their conversation is kept under first. Pure. */
export function keysOf({ phone, userId, sip, callIds = [] }: Names): string[] {
  return [
    ...(phone === undefined ? [] : [`phone:${phone}`]),
    ...(userId === undefined ? [] : [`user:${userId}`]),
    ...(sip === undefined ? [] : [`sip:${sip}`]),
    ...callIds.map((callId) => `call:${callId}`),
  ];
}
