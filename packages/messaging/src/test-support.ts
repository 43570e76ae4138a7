import { pino } from "pino";
import { Registry } from "prom-client";
import type { BusRecord } from "./bus/bus.js";
import { encodeEvent } from "./events/cloud-events.js";
import { createEvent, type EasymoEvent } from "./events/event.js";

/** What a bus or a consumer of a test is made with. */
export function testDependencies() {
  return {
    logger: pino({ level: "silent" }),
    metrics: { registry: new Registry() },
  };
}

/** An event of a call, small and valid. */
export function testEvent(
  callId: string,
  id: string,
): EasymoEvent<"call.dtmf"> {
  return createEvent("call.dtmf", {
    id,
    tenantId: "kigali-parts",
    source: "/test",
    requestId: `request-${id}`,
    data: {
      callId,
      tenantId: "kigali-parts",
      agent: "sales",
      at: "2026-01-01T00:00:00.000Z",
      digit: "5",
    },
  });
}

/** That event as a record on any topic, under its call's key. */
export function testRecord(
  topic: string,
  callId: string,
  id: string,
): BusRecord {
  const { headers, value } = encodeEvent(testEvent(callId, id));
  return { topic, key: callId, headers, value };
}

/** A promise that something outside resolves. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** Numbers from 0 on. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}
