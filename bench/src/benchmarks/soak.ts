import type { Options } from "../options.js";
import type { Section } from "../report/section.js";
import { growthOf } from "./growth.js";

const MINUTES = 60;
const CALLS = 50;
const MOST_GROWTH_KIB_PER_CALL_HOUR = 64;

/** Whether memory is flat, with clocks as they are: only when it is asked for by name. */
export async function soak(
  options: Options,
  progress: (line: string) => void,
): Promise<Section> {
  const minutes = options.minutes ?? MINUTES;
  const calls = options.calls?.[0] ?? CALLS;
  const growth = await growthOf(
    {
      subject: "voice-bridge",
      calls,
      probes: 0,
      deltaMs: 20,
      speed: 1,
      pacing: options.pacing ?? "tick",
      marks: options.marks ?? "separate",
      script: "conversation",
      collectsGarbage: true,
      profileDirectory: undefined,
    },
    minutes * 60_000,
    progress,
  );
  const figure = (kib: number): string => kib.toFixed(1);
  return {
    title: `Soak: ${calls} calls for ${minutes} minutes`,
    columns: ["", "KiB an hour, per call"],
    rows: [
      ["heap and buffers", figure(growth.heapGrowthKib)],
      ["resident", figure(growth.rssGrowthKib)],
    ],
    targets: [
      {
        what: "growth of heap and buffers in an hour, per call",
        wanted: `under ${MOST_GROWTH_KIB_PER_CALL_HOUR} KiB`,
        measured: `${figure(growth.heapGrowthKib)} KiB`,
        met: growth.heapGrowthKib < MOST_GROWTH_KIB_PER_CALL_HOUR,
      },
    ],
    notes: [
      "The slope of the last two thirds, after a forced collection at each sample; with few minutes the slope says little.",
    ],
    data: growth,
  };
}
