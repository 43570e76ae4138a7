import type OpenAI from "openai";
import { toFile } from "openai";

/** Makes text of a voice note. */
export interface Transcriber {
  transcribe(audio: {
    bytes: Buffer<ArrayBuffer>;
    mimeType: string;
  }): Promise<string>;
}

const TIMEOUT_MS = 30_000;

/** Transcripts by a model of OpenAI's. */
export function openAiTranscriber(client: OpenAI, model: string): Transcriber {
  return {
    async transcribe({ bytes, mimeType }) {
      const type = mimeType.split(";", 1)[0] ?? mimeType;
      const extension = type.split("/")[1] ?? "ogg";
      const file = await toFile(bytes, `voice.${extension}`, { type });
      const { text } = await client.audio.transcriptions.create(
        { file, model },
        { timeout: TIMEOUT_MS, maxRetries: 1 },
      );
      return text;
    },
  };
}
