import type { Clock } from "@easymo/service-kit";
import { readExposition } from "./exposition.js";
import type { Load } from "./decide.js";
import type { ServingPod } from "./observed.js";

const CALLS = "easymo_voice_calls_active";
const TRAFFIC = "easymo_channel_last_traffic_timestamp_seconds";
const WANTED: ReadonlySet<string> = new Set([CALLS, TRAFFIC]);

/** Thousands of named channels fit in a fraction of it. */
const MAX_BYTES = 8 * 1_024 * 1_024;

/** What a pod's metrics say. */
export interface Scraped {
  readonly load: Load;
  /** When something last came in or went out on a channel, by its name, in epoch milliseconds. */
  readonly trafficAtMs: ReadonlyMap<string, number>;
}

export interface ScrapeOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Where a pod's metrics are; default: at its IP, on the port named http. Undefined: nowhere yet. */
  readonly urlOf?: ((pod: ServingPod) => string | undefined) | undefined;
}

const SILENT: Scraped = { load: { kind: "silent" }, trafficAtMs: new Map() };

/** Asks a pod for its metrics. Never rejects: who says nothing in time, or nothing that can be read, is silent. */
export async function scrape(
  pod: ServingPod,
  options: ScrapeOptions,
  signal: AbortSignal,
): Promise<Scraped> {
  const url = (options.urlOf ?? podUrl)(pod);
  if (url === undefined) return SILENT;
  const late = new AbortController();
  const timer = options.clock.setTimeout(() => late.abort(), options.timeoutMs);
  try {
    const text = await textAt(url, AbortSignal.any([signal, late.signal]));
    return readMetrics(text);
  } catch {
    return SILENT;
  } finally {
    timer.cancel();
  }
}

/** What the text says of calls and channels; without a number of calls, its writer is silent about them. Pure. */
export function readMetrics(text: string): Scraped {
  const found = readExposition(text, WANTED);
  const calls = found.get(CALLS)?.[0]?.value;
  const trafficAtMs = new Map(
    (found.get(TRAFFIC) ?? []).flatMap(({ labels, value }) =>
      labels.channel === undefined || !(value > 0 && value < 1e11)
        ? []
        : [[labels.channel, value * 1_000] as const],
    ),
  );
  return {
    load:
      calls !== undefined && Number.isInteger(calls) && calls >= 0
        ? { kind: "answered", calls }
        : { kind: "silent" },
    trafficAtMs,
  };
}

function podUrl({ address }: ServingPod): string | undefined {
  if (address === undefined) return undefined;
  const { ip, port } = address;
  return `http://${ip.includes(":") ? `[${ip}]` : ip}:${port}/metrics`;
}

async function textAt(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, {
    signal,
    redirect: "error",
    // A pod that ended and came back at the same address is another one.
    headers: { connection: "close" },
  });
  if (!response.ok || response.body === null)
    throw new Error(`${url} answered ${response.status}.`);
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  const stream: AsyncIterable<Uint8Array> = response.body;
  // Leaving the loop early gives the connection up.
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`${url} says too much.`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
