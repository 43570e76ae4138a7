import { APIError, type OpenAI } from "openai";
import type { CallAcceptParams } from "openai/resources/realtime/calls";

const TIMEOUT_MS = 4_000;
const NOT_FOUND = 404;

/** How a call at OpenAI is answered or turned away. */
export interface CallControl {
  /** Resolves with whether the call was still there to be accepted. Rejects when the API failed. */
  accept(callId: string, session: CallAcceptParams): Promise<"done" | "gone">;
  reject(callId: string, sipStatus: number): Promise<"done" | "gone">;
}

/** Over OpenAI's REST API; a failure is tried again by OpenAI's repeat of the webhook, not here. */
export function createCallControl(client: OpenAI): CallControl {
  const { calls } = client.realtime;
  const options = { timeout: TIMEOUT_MS, maxRetries: 0 };
  return {
    accept: (callId, session) => ended(calls.accept(callId, session, options)),
    reject: (callId, sipStatus) =>
      ended(calls.reject(callId, { status_code: sipStatus }, options)),
  };
}

/** A call that the API does not know any more: the caller hung up, or it was answered before. */
async function ended(request: Promise<unknown>): Promise<"done" | "gone"> {
  try {
    await request;
    return "done";
  } catch (error) {
    if (error instanceof APIError && error.status === NOT_FOUND) return "gone";
    throw error;
  }
}
