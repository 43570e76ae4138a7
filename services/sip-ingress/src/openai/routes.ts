import {
  parseJson,
  Problem,
  rawBody,
  rawBodyOf,
  validated,
} from "@easymo/service-kit";
import express, { type Request } from "express";
import type { CountryCode } from "libphonenumber-js/min";
import type OpenAI from "openai";
import type { IngestMetrics } from "../metrics.js";
import {
  callOf,
  INCOMING_CALL,
  incomingCall,
  webhookEvent,
} from "./incoming-call.js";
import type { IncomingCalls } from "./incoming-calls.js";

export interface OpenAiRoutesDeps {
  /** Undefined while no webhook secret is configured. */
  readonly door:
    { readonly client: OpenAI; readonly calls: IncomingCalls } | undefined;
  readonly defaultCountry: CountryCode | undefined;
  readonly metrics: IngestMetrics;
}

const MAX_WEBHOOK_ID_CHARACTERS = 256;

/** `POST /openai/webhook`: OpenAI's signed events, of which incoming calls are answered. */
export function openAiRoutes(deps: OpenAiRoutesDeps): express.Router {
  const router = express.Router();
  router.post("/openai/webhook", rawBody(), async (req, res) => {
    const { door, defaultCountry, metrics } = deps;
    if (door === undefined) throw notConfigured();
    const id = await checkSignature(door.client, req);
    const json = parseJson(rawBodyOf(req));
    const { type } = validated(webhookEvent, json, "body");
    if (type !== INCOMING_CALL) {
      metrics.request("openai", "ignored");
      res.status(200).json({ status: "ignored" });
      return;
    }
    const webhook = validated(incomingCall, json, "body");
    const { result, replayed } = await door.calls.take(
      id,
      callOf(webhook, defaultCountry),
    );
    metrics.request("openai", replayed ? "replayed" : result.status);
    if (replayed) res.set("idempotency-replayed", "true");
    res.status(200).json(result);
  });
  return router;
}

/** Gives the webhook's id; before this, nothing of the body is looked at. */
async function checkSignature(client: OpenAI, req: Request): Promise<string> {
  const headers = Object.fromEntries(
    ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => [
      name,
      req.get(name) ?? "",
    ]),
  );
  const id = headers["webhook-id"] ?? "";
  if (id === "" || id.length > MAX_WEBHOOK_ID_CHARACTERS) throw notSigned();
  try {
    await client.webhooks.verifySignature(
      rawBodyOf(req).toString("utf8"),
      headers,
    );
  } catch (error) {
    throw notSigned(error);
  }
  return id;
}

function notSigned(cause?: unknown): Problem {
  return new Problem(
    {
      status: 401,
      code: "invalid_signature",
      title: "The webhook is not signed by OpenAI",
      retryable: false,
    },
    { cause },
  );
}

function notConfigured(): Problem {
  return new Problem({
    status: 503,
    code: "not_configured",
    title: "OpenAI's webhooks are not configured",
    detail: "Set OPENAI_WEBHOOK_SECRET and OPENAI_API_KEY",
    retryable: false,
  });
}
