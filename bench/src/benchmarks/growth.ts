import { setTimeout as delay } from "node:timers/promises";
import { slopeOf } from "../report/statistics.js";
import type { Usage } from "../run/protocol.js";
import { Round, type RoundSettings } from "../run/round.js";

const KIB = 1_024;
const HOUR_MS = 3_600_000;
const SAMPLE_MS = 5_000;
/** Compiled code and pools grow at first, whatever is carried. */
const SETTLED_SHARE = 1 / 3;

export interface Growth {
  readonly samples: readonly { callMs: number; usage: Usage }[];
  /** In an hour of call time, per call. */
  readonly rssGrowthKib: number;
  readonly heapGrowthKib: number;
}

/** How memory grows while the same calls go on for `callMs` of call time: the slope once it has settled. */
export async function growthOf(
  settings: RoundSettings,
  callMs: number,
  progress: (line: string) => void,
): Promise<Growth> {
  return await Round.run(settings, async (round) => {
    await round.open(0);
    const samples: { callMs: number; usage: Usage }[] = [];
    for (let atMs = 0; atMs <= callMs; atMs += SAMPLE_MS * settings.speed) {
      const usage = await round.usage();
      samples.push({ callMs: atMs, usage });
      if (samples.length % 6 === 1)
        progress(
          `${(atMs / 60_000).toFixed(1)} of ${(callMs / 60_000).toFixed(1)} minutes of call time: ${(heapOf(usage) / KIB / KIB).toFixed(1)} MiB heap and buffers, ${(usage.rssBytes / KIB / KIB).toFixed(1)} MiB resident`,
        );
      await delay(SAMPLE_MS);
    }
    await round.close();
    const settled = samples.filter(
      (one) => one.callMs >= callMs * SETTLED_SHARE,
    );
    const growth = (of: (usage: Usage) => number): number =>
      slopeOf(
        settled.map((one) => ({
          x: one.callMs / HOUR_MS,
          y: of(one.usage) / KIB / settings.calls,
        })),
      );
    return {
      samples,
      rssGrowthKib: growth(({ rssBytes }) => rssBytes),
      heapGrowthKib: growth(heapOf),
    };
  });
}

export function heapOf({ heapBytes, externalBytes }: Usage): number {
  return heapBytes + externalBytes;
}
