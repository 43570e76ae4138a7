import { MULAW_BYTES_PER_MS } from "@easymo/telephone-audio";
import { assistantAudioTokens, textTokens } from "./tokens.js";

/** What is sent at once: some audio, and the words that go with it. */
interface SpeechChunk {
  readonly words: string;
  readonly audio: Buffer;
}

export interface SpeechPlan {
  readonly chunks: readonly SpeechChunk[];
  /** Whether the token limit left something unsaid. */
  readonly cutShort: boolean;
}

/**
 * Cuts speech into chunks as the model sends them: audio of `chunkMs`, the
 * words just ahead of it. What exceeds the response's token limit is left out.
 */
export function planSpeech(
  text: string,
  mulaw: Buffer,
  options: { readonly chunkMs: number; readonly maxTokens: number },
): SpeechPlan {
  const tokens =
    textTokens(text) + assistantAudioTokens(mulaw.length / MULAW_BYTES_PER_MS);
  const share = Math.min(1, options.maxTokens / Math.max(1, tokens));
  const end = Math.floor(mulaw.length * share);
  const chunkBytes = Math.max(1, options.chunkMs) * MULAW_BYTES_PER_MS;
  const chunks: SpeechChunk[] = [];
  let said = 0;
  for (let at = 0; at < end; at += chunkBytes) {
    const audio = mulaw.subarray(at, Math.min(at + chunkBytes, end));
    const upTo = wordsUpTo(text, (at + audio.length) / mulaw.length);
    chunks.push({ words: text.slice(said, upTo), audio });
    said = upTo;
  }
  if (chunks.length === 0 && share === 1) {
    chunks.push({ words: text, audio: mulaw });
  }
  return { chunks, cutShort: share < 1 };
}

/** Cuts a text that is not spoken into pieces of a few words. */
export function planText(
  text: string,
  maxTokens: number,
): { readonly pieces: readonly string[]; readonly cutShort: boolean } {
  const allowed = text.slice(
    0,
    maxTokens === Infinity ? undefined : maxTokens * 4,
  );
  return {
    pieces: allowed.match(/(?:\S+\s*){1,4}|\s+/g) ?? [],
    cutShort: allowed.length < text.length,
  };
}

/** The position behind the word in which that share of the text ends. */
function wordsUpTo(text: string, share: number): number {
  const target = Math.ceil(text.length * share);
  const rest = /^\S*\s*/.exec(text.slice(target))?.[0].length ?? 0;
  return Math.min(text.length, target + rest);
}
