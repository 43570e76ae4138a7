import { validated } from "@easymo/service-kit";
import {
  type Request,
  type RequestHandler,
  type Response,
  Router,
} from "express";
import { z } from "zod";
import { hasBearer } from "../handshake.js";
import { type ErrorDetails, ProtocolError } from "../protocol/errors.js";
import { parseParameters } from "../protocol/validation.js";
import type { SipCall } from "./sip-call.js";
import type { SipGateway } from "./sip-gateway.js";

const rejectBody = z.strictObject({
  status_code: z.int().min(400).max(699).default(603),
});
const referBody = z.strictObject({ target_uri: z.string().min(1) });

/** `POST /v1/realtime/calls/{call_id}/accept`, `reject`, `refer` and `hangup`, with the errors of the real one. */
export function callsApi(gateway: SipGateway): Router {
  const router = Router();
  const action = (
    name: string,
    isPossible: (call: SipCall) => boolean,
    act: (call: SipCall, body: unknown) => void,
  ): void => {
    const handler: RequestHandler = (req, res) => {
      const call = gateway.find(String(req.params.callId));
      if (!hasBearer(req)) answer(res, 401, noKey);
      else if (call === undefined || !isPossible(call))
        answer(res, 404, noCall);
      else attempt(res, () => act(call, req.body ?? {}));
    };
    router.post(`/v1/realtime/calls/:callId/${name}`, handler);
  };
  const isRinging = (call: SipCall): boolean => call.isRinging;
  const isLive = (call: SipCall): boolean => call.isLive;
  action("accept", isRinging, (call, body) => gateway.accept(call, body));
  action("reject", isRinging, (call, body) => {
    const { status_code } = parseParameters(rejectBody, body);
    call.end({ by: "reject", status: status_code });
  });
  action("refer", isLive, (call, body) => {
    const { target_uri } = parseParameters(referBody, body);
    call.end({ by: "refer", target: target_uri });
  });
  action("hangup", isLive, (call) => call.end({ by: "hangup" }));
  return router;
}

const placeBody = z.strictObject({
  from: z.string().min(1),
  to: z.string().min(1),
  webhook: z.strictObject({ url: z.url(), secret: z.string().min(1) }),
  speed: z.number().positive().exactOptional(),
});
const speakBody = z.strictObject({ audio: z.base64() });
const pressBody = z.strictObject({ key: z.string().regex(/^[0-9*#A-D]$/) });

/** The callers' side, for a simulator in a process of its own. */
export function callersApi(gateway: SipGateway): Router {
  const router = Router();
  const found = (req: Request): SipCall | undefined =>
    gateway.find(String(req.params.callId));
  router.get("/sip-calls", (_req, res) => {
    res.json({ calls: gateway.calls.map((call) => call.view()) });
  });
  router.post("/sip-calls", (req, res) => {
    const call = gateway.place(validated(placeBody, req.body, "body"));
    res.status(201).json(call.view());
  });
  const action = (
    name: string,
    act: (call: SipCall, body: unknown) => void,
  ): void => {
    router.post(`/sip-calls/:callId/${name}`, (req, res, next) => {
      const call = found(req);
      if (call === undefined) {
        next();
        return;
      }
      act(call, req.body);
      res.json(call.view());
    });
  };
  action("speak", (call, body) => {
    const { audio } = validated(speakBody, body, "body");
    call.speak(Buffer.from(audio, "base64"));
  });
  action("press", (call, body) => {
    call.press(validated(pressBody, body, "body").key);
  });
  action("hangup", (call) => call.hangUp());
  return router;
}

const noKey: ErrorDetails = {
  type: "invalid_request_error",
  code: "invalid_api_key",
  message: "Missing bearer authentication in header.",
  param: null,
};
const noCall: ErrorDetails = {
  type: "invalid_request_error",
  code: "call_id_not_found",
  message: "No session found for the provided call_id",
  param: null,
};

function attempt(res: Response, act: () => void): void {
  try {
    act();
    res.status(200).end();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    answer(res, 400, error.details);
  }
}

function answer(res: Response, status: number, error: ErrorDetails): void {
  res.status(status).json({ error });
}
