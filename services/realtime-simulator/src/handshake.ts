import type { IncomingMessage } from "node:http";
import type { ErrorDetails } from "./protocol/errors.js";

const REALTIME_PATH = "/v1/realtime";

/** What becomes of a request for a session. */
export type Admission =
  | { readonly kind: "accepted"; readonly model: string }
  /** To a call's session, beside it. */
  | { readonly kind: "side_band"; readonly callId: string }
  /** Refused before the upgrade, by an HTTP answer. */
  | {
      readonly kind: "unauthorized" | "not_found";
      readonly status: 401 | 404;
      readonly error: ErrorDetails;
    }
  /** Refused after it: an `error` event, and the close code 4000. */
  | { readonly kind: "refused"; readonly error: ErrorDetails };

const KEY_PROTOCOL = "openai-insecure-api-key.";

/** Looks at a request for an upgrade as the real service does. */
export function admit(
  req: IncomingMessage,
  isLiveCall: (callId: string) => boolean,
): Admission {
  const url = new URL(req.url ?? "/", "http://simulator");
  if (url.pathname !== REALTIME_PATH) {
    return {
      kind: "not_found",
      status: 404,
      error: invalid(null, `Invalid URL (GET ${url.pathname})`),
    };
  }
  if (!hasKey(req)) {
    return {
      kind: "unauthorized",
      status: 401,
      error: invalid(
        "invalid_api_key",
        "Missing bearer authentication in header.",
      ),
    };
  }
  if (req.headers["openai-beta"] !== undefined) {
    return refuse(
      "beta_api_shape_disabled",
      "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.",
    );
  }
  const callId = url.searchParams.get("call_id");
  if (callId !== null) {
    return isLiveCall(callId)
      ? { kind: "side_band", callId }
      : {
          kind: "not_found",
          status: 404,
          error: invalid(
            "call_id_not_found",
            "No session found for the provided call_id",
          ),
        };
  }
  const model = url.searchParams.get("model") ?? "";
  if (model === "") {
    return refuse("missing_model", "You must provide a model parameter.");
  }
  // Of the families that the service names for Realtime: gpt-realtime…, gpt-audio…, gpt-4o-realtime….
  if (!/realtime|audio/.test(model)) {
    return refuse(
      "invalid_model",
      `Model "${model}" is not supported in realtime mode.`,
    );
  }
  return { kind: "accepted", model };
}

/** A key in the header. */
export function hasBearer(req: IncomingMessage): boolean {
  return /^Bearer \S+$/i.test(req.headers.authorization ?? "");
}

/** A key in the header, or, as browsers must, among the subprotocols. */
function hasKey(req: IncomingMessage): boolean {
  const protocols = (req.headers["sec-websocket-protocol"] ?? "").split(",");
  return (
    hasBearer(req) ||
    protocols.some((protocol) => {
      const name = protocol.trim();
      return name.startsWith(KEY_PROTOCOL) && name.length > KEY_PROTOCOL.length;
    })
  );
}

function refuse(code: string, message: string): Admission {
  return { kind: "refused", error: invalid(code, message) };
}

function invalid(code: string | null, message: string): ErrorDetails {
  return { type: "invalid_request_error", code, message, param: null };
}
