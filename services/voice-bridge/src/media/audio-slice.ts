/**
 * Audio as it stands in the message that brought it: the base64 text of
 * G.711 mu-law at 8 kHz in `buffer[start, end)`. It is handed on without being
 * decoded, and is only valid during the call that passes it.
 */
export interface AudioSlice {
  buffer: Buffer;
  start: number;
  end: number;
}

/** A piece of the agent's speech, as the model sent it. */
export interface ModelAudio extends AudioSlice {
  itemId: string;
  responseId: string;
}

export function emptyAudioSlice(): AudioSlice {
  return { buffer: Buffer.alloc(0), start: 0, end: 0 };
}

/** G.711 at 8 kHz: eight bytes are a millisecond. */
export const BYTES_PER_MS = 8;

export function emptyModelAudio(): ModelAudio {
  return { ...emptyAudioSlice(), itemId: "", responseId: "" };
}
