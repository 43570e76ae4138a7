import type { Route, RoutingTable } from "@easymo/routing";
import type { CountryCode } from "libphonenumber-js/min";
import { z } from "zod";
import { routeOf } from "../events/called-agent.js";
import { parseParty, type Party } from "../events/party.js";

/** Every webhook has these; https://platform.openai.com/docs/guides/webhooks. */
export const webhookEvent = z.object({
  id: z.string().min(1).max(256),
  type: z.string().min(1).max(256),
});

export const INCOMING_CALL = "realtime.call.incoming";

const MAX_HEADERS = 256;

/** `realtime.call.incoming`, as far as it is read. */
export const incomingCall = z.object({
  created_at: z.number().int().min(0).max(253_402_300_799),
  data: z.object({
    // Becomes part of a path.
    call_id: z.string().regex(/^[\w-]{1,200}$/, "must be a call's id"),
    sip_headers: z
      .array(
        z.object({ name: z.string().max(256), value: z.string().max(8_192) }),
      )
      .max(MAX_HEADERS),
  }),
});

/** A call that waits to be accepted or rejected. */
export interface IncomingCall {
  /** OpenAI's own id; the call's id on the bus, too. */
  readonly callId: string;
  /** RFC 3339: when OpenAI had the call. */
  readonly timestamp: string;
  readonly from: Party | undefined;
  readonly to: Party | undefined;
}

/** What is known of the call. Headers are the caller's words: they choose a channel, and are trusted for nothing else. */
export function callOf(
  webhook: z.output<typeof incomingCall>,
  defaultCountry: CountryCode | undefined,
): IncomingCall {
  const { created_at: createdAtSeconds, data } = webhook;
  const party = (name: string): Party | undefined => {
    const header = data.sip_headers.find(
      (candidate) => candidate.name.toLowerCase() === name,
    );
    if (header === undefined) return undefined;
    const parsed = parseParty(header.value, defaultCountry);
    return parsed === undefined || parsed.address.length > 256
      ? undefined
      : parsed;
  };
  return {
    callId: data.call_id,
    timestamp: new Date(createdAtSeconds * 1_000).toISOString(),
    from: party("from"),
    to: party("to"),
  };
}

/** Who answers: the channel of the address that was dialled. */
export function routeOfCall(
  call: IncomingCall,
  routing: RoutingTable,
): Route | undefined {
  return routeOf(call.to, routing);
}
