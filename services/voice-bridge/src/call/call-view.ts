import { z } from "zod";

/** A call as the calls API shows it. Times in milliseconds. */
export const callView = z.object({
  callId: z.string(),
  tenantId: z.string(),
  agent: z.string(),
  direction: z.enum(["inbound", "outbound"]),
  from: z.string(),
  to: z.string(),
  status: z.enum(["dialing", "connecting", "live", "ending", "ended"]),
  durationMs: z.number(),
  turns: z.number(),
});
export type CallView = z.output<typeof callView>;
