import {
  formBody,
  Problem,
  requestContext,
  setTenant,
} from "@easymo/service-kit";
import {
  Router,
  type Request,
  type RequestHandler,
  type Response,
} from "express";
import { z } from "zod";
import type { CallIdentity } from "../../call/call-state.js";
import { isLanguage, type Language } from "../../call/language.js";
import {
  isSignedWebhook,
  publicAddress,
  type SignatureSettings,
} from "./signature.js";
import {
  afterStreamTwiml,
  connectStreamTwiml,
  turnAwayTwiml,
} from "./twiml.js";
import type { Continuation } from "../../registry/stream-outcomes.js";
import type { CarrierCall } from "../../registry/call-identity.js";

/** What the webhooks need of the rest of the service. */
export interface WebhookPorts {
  readonly signatures: SignatureSettings;
  /** Undefined when no channel has our number. */
  identify(call: CarrierCall, requestId: string): CallIdentity | undefined;
  /** A call whose stream is about to come: gets its model ready, when there is a line for it. */
  expect(identity: CallIdentity): Promise<"free" | "full" | "draining">;
  /** Somebody hung up before the call was answered, or before its stream came. */
  isHungUp(callId: string): Promise<boolean>;
  continuation(callId: string): Promise<Continuation | undefined>;
  status(status: CallStatus): void;
}

/** A status callback, of a call, of its stream, or of answering-machine detection. */
export interface CallStatus {
  readonly call: CarrierCall;
  readonly callStatus: string | undefined;
  readonly answeredBy: string | undefined;
  readonly streamEvent: string | undefined;
  readonly streamError: string | undefined;
  readonly requestId: string;
}

const form = z.record(z.string(), z.string());
const callForm = z.object({
  CallSid: z.string().min(1).max(64),
  From: z.string().max(256).default(""),
  To: z.string().max(256).default(""),
  Direction: z.string().default("inbound"),
});
const statusForm = callForm.extend({
  CallStatus: z.string().optional(),
  AnsweredBy: z.string().optional(),
  StreamEvent: z.string().optional(),
  StreamError: z.string().optional(),
});

/** `POST /twilio/voice`, `/twilio/after` and `/twilio/status`. */
export function twilioWebhooks(ports: WebhookPorts): Router {
  const router = Router();
  router.use(requireSignature, formBody(), signedBy(ports.signatures));
  router.post("/voice", async (request, response) => {
    const call = carrierCall(request);
    const identity = ports.identify(call, requestId());
    if (identity !== undefined) setTenant(identity.tenantId);
    sendTwiml(response, await voiceTwiml(ports, call, identity));
  });
  router.post("/after", async (request, response) => {
    const call = carrierCall(request);
    const identity = ports.identify(call, requestId());
    if (identity !== undefined) setTenant(identity.tenantId);
    const known = await ports.continuation(call.callId);
    sendTwiml(response, afterTwiml(known, identity));
  });
  router.post("/status", (request, response) => {
    const status = parsed(statusForm, request);
    ports.status({
      call: carrierCall(request),
      callStatus: status.CallStatus,
      answeredBy: status.AnsweredBy,
      streamEvent: status.StreamEvent,
      streamError: status.StreamError,
      requestId: requestId(),
    });
    response.status(204).end();
  });
  return router;
}

async function voiceTwiml(
  ports: WebhookPorts,
  call: CarrierCall,
  identity: CallIdentity | undefined,
): Promise<string> {
  if (identity === undefined)
    return turnAwayTwiml("unknown_number", "en", undefined);
  const { agent } = identity;
  // Dialled, and hung up as it was being answered.
  if (call.direction === "outbound" && (await ports.isHungUp(call.callId)))
    return afterStreamTwiml({ kind: "hang_up" }, languageOf(identity));
  const capacity = await ports.expect(identity);
  if (capacity !== "free")
    return turnAwayTwiml(capacity, languageOf(identity), agent.transfer?.to);
  const { publicUrl } = ports.signatures;
  return connectStreamTwiml({
    streamUrl: publicAddress(publicUrl, "/twilio-media").replace(/^http/, "ws"),
    statusUrl: publicAddress(publicUrl, "/twilio/status"),
    afterUrl: publicAddress(publicUrl, "/twilio/after"),
    parameters: {
      tenantId: identity.tenantId,
      agent: agent.name,
      from: call.from,
      to: call.to,
      direction: call.direction,
      requestId: identity.requestId,
    },
  });
}

/** A stream that broke without our doing is a technical problem. */
function afterTwiml(
  known: Continuation | undefined,
  identity: CallIdentity | undefined,
): string {
  if (known !== undefined)
    return afterStreamTwiml(known.outcome, known.language);
  return afterStreamTwiml(
    { kind: "apologise", transferTo: identity?.agent.transfer?.to },
    identity === undefined ? "en" : languageOf(identity),
  );
}

function languageOf(identity: CallIdentity): Language {
  return identity.agent.languages.find(isLanguage) ?? "en";
}

/** Who does not even try is told so before the body is looked at. */
const requireSignature: RequestHandler = (request, _response, next) => {
  if (request.get("x-twilio-signature") === undefined) throw notSigned();
  next();
};

function signedBy(signatures: SignatureSettings): RequestHandler {
  return (request, _response, next) => {
    const fields = form.safeParse(request.body ?? {});
    const signed =
      fields.success &&
      isSignedWebhook(
        signatures,
        {
          path: request.originalUrl,
          signature: request.get("x-twilio-signature"),
        },
        fields.data,
      );
    if (!signed) throw notSigned();
    next();
  };
}

function notSigned(): Problem {
  return new Problem({
    status: 403,
    code: "invalid_signature",
    title: "The request is not signed by Twilio",
    detail:
      "X-Twilio-Signature must be the signature of PUBLIC_URL's address and the form; check PUBLIC_URL and TWILIO_AUTH_TOKEN.",
  });
}

function carrierCall(request: Request): CarrierCall {
  const fields = parsed(callForm, request);
  const agentName = request.query.agent;
  return {
    callId: fields.CallSid,
    from: fields.From,
    to: fields.To,
    direction: fields.Direction.startsWith("outbound") ? "outbound" : "inbound",
    agentName: typeof agentName === "string" ? agentName : undefined,
  };
}

function parsed<T>(schema: z.ZodType<T>, request: Request): T {
  const result = schema.safeParse(request.body);
  if (result.success) return result.data;
  throw new Problem({
    status: 400,
    code: "invalid_request",
    title: "The form lacks what Twilio always sends",
    detail: result.error.issues
      .map((issue) => `${issue.path.join(".")}: ${issue.message}`)
      .join("; "),
  });
}

function requestId(): string {
  return requestContext()?.requestId ?? "";
}

function sendTwiml(response: Response, twiml: string): void {
  response.type("text/xml").send(twiml);
}
