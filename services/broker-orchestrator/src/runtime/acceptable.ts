import type { EasymoEvent } from "@easymo/messaging";
import { UnacceptableEventError } from "./errors.js";
import type { Situations } from "./situations.js";

/** A clock that is wrong by less is let pass. */
const FUTURE_MS = 24 * 3_600_000;
/** As much as agent-core keeps of a wish; a conversation has several, with all that is to be done for them. */
const MAX_SLOTS_CHARACTERS = 16_384;

/** Throws UnacceptableEventError for an event that must not be handled, however often it comes. */
export function checkAcceptable(
  event: EasymoEvent,
  situations: Pick<Situations, "isTenant">,
  nowMs: number,
): void {
  const { tenantId, time, data } = event;
  if (!situations.isTenant(tenantId))
    throw new UnacceptableEventError(
      "unknown_tenant",
      "no channel of the routing document is this tenant's",
    );
  const latestMs = nowMs + FUTURE_MS;
  refuseAfter(latestMs, "ce_time", time);
  // Of most events they are the same.
  if (data.at !== time) refuseAfter(latestMs, "at", data.at);
  if (event.type === "intent.captured") refuseLarge(event.data.slots);
}

function refuseLarge(slots: object): void {
  if (JSON.stringify(slots).length > MAX_SLOTS_CHARACTERS)
    throw new UnacceptableEventError(
      "too_large",
      `slots have more than ${MAX_SLOTS_CHARACTERS} characters of JSON`,
    );
}

function refuseAfter(latestMs: number, name: string, time: string): void {
  if (Date.parse(time) > latestMs)
    throw new UnacceptableEventError(
      "from_the_future",
      `${name} is more than a day from now`,
    );
}
