import { z } from "zod";
import { providerMemoryAnnotation, type Channel } from "../api/index.js";
import type { NumberSettings } from "../providers/provider.js";

const settings = z.record(z.string(), z.string());

const memory = z.object({
  kind: z.enum(["twilio", "whatsapp"]),
  address: z.string().min(1),
  /** What the number was set to before it was this platform's. */
  before: settings,
  /** What it was set to by the platform, the last time. */
  ours: settings,
});

/**
 * What was done to a number at its provider, so that it can be undone, and told apart from what others do. It is kept on
 * the Channel itself: written before the provider is asked, it is there whatever ends meanwhile.
 */
export interface ProviderMemory {
  readonly kind: "twilio" | "whatsapp";
  readonly address: string;
  readonly before: NumberSettings;
  readonly ours: NumberSettings;
}

/** What a Channel remembers; undefined when nothing was done for it. Pure. */
export function memoryOf({ metadata }: Channel): ProviderMemory | undefined {
  const text = metadata.annotations[providerMemoryAnnotation];
  if (text === undefined) return undefined;
  try {
    return memory.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The annotation that says it. Pure. */
export function memoryText(value: ProviderMemory): string {
  return JSON.stringify(value);
}
