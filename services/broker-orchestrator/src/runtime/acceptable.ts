import type { EasymoEvent } from "@easymo/messaging";
import { UnacceptableEventError } from "./errors.js";
import type { Situations } from "./situations.js";

/** A clock that is wrong by less is let pass. */
const FUTURE_MS = 24 * 3_600_000;

/** Throws UnacceptableEventError for an event that must not be handled, however often it comes. */
export function checkAcceptable(
  { tenantId, time, data }: EasymoEvent,
  situations: Pick<Situations, "isTenant">,
  nowMs: number,
): void {
  if (!situations.isTenant(tenantId))
    throw new UnacceptableEventError(
      "unknown_tenant",
      "no channel of the routing document is this tenant's",
    );
  const latestMs = nowMs + FUTURE_MS;
  refuseAfter(latestMs, "ce_time", time);
  // Of most events they are the same.
  if (data.at !== time) refuseAfter(latestMs, "at", data.at);
}

function refuseAfter(latestMs: number, name: string, time: string): void {
  if (Date.parse(time) > latestMs)
    throw new UnacceptableEventError(
      "from_the_future",
      `${name} is more than a day from now`,
    );
}
