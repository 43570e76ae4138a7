import { timingSafeEqual } from "node:crypto";
import express from "express";
import { z } from "zod";
import type { CallOrder } from "./carrier.js";
import { newSid } from "./sids.js";
import type { SimulatedCall } from "./simulated-call.js";
import { rfc2822, statusEvents } from "./status-reports.js";

/** What the REST API does to the simulator's calls. */
export interface CallRegistry {
  readonly accountSid: string;
  readonly authToken: string;
  order(order: CallOrder): SimulatedCall;
  find(callSid: string): SimulatedCall | undefined;
  calls(): readonly SimulatedCall[];
}

/** An error in the shape and with the codes of Twilio's REST API. */
class ApiError extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const e164 = z.string().regex(/^\+[1-9]\d{1,14}$/);
const method = z.enum(["GET", "POST"]).default("POST");
const flag = z.stringbool().default(false);

const orderForm = z.object({
  Url: z.url().optional(),
  Method: method,
  Twiml: z.string().optional(),
  StatusCallback: z.url().optional(),
  StatusCallbackMethod: method,
  StatusCallbackEvent: z
    .union([z.enum(statusEvents), z.array(z.enum(statusEvents))])
    .default("completed"),
  Timeout: z.coerce.number().int().min(1).max(600).default(60),
  MachineDetection: z.enum(["Enable", "DetectMessageEnd"]).optional(),
  AsyncAmd: flag,
  AsyncAmdStatusCallback: z.url().optional(),
});

const updateForm = z.object({
  Status: z.enum(["completed", "canceled"]).optional(),
  Url: z.url().optional(),
  Method: method,
  Twiml: z.string().optional(),
});

const rawForm = z.record(
  z.string(),
  z.union([z.string(), z.array(z.string())]),
);

/**
 * Twilio's Calls resource: create, fetch, list, and update (redirect, end).
 * (twilio.com/docs/voice/api/call-resource)
 */
export function createRestApi(registry: CallRegistry): express.Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(express.urlencoded({ extended: false }));
  const base = `/2010-04-01/Accounts/:accountSid/Calls`;
  app.use("/2010-04-01/Accounts/:accountSid", (request, _response, next) => {
    authenticate(registry, request);
    next();
  });
  app.post(`${base}.json`, (request, response) => {
    const call = registry.order(orderOf(rawForm.parse(request.body ?? {})));
    response.status(201).json(resourceOf(registry, call));
  });
  app.get(`${base}.json`, (_request, response) => {
    const calls = registry.calls().map((call) => resourceOf(registry, call));
    response.json({
      calls,
      page: 0,
      page_size: calls.length,
      next_page_uri: null,
    });
  });
  app.get(`${base}/:callSid.json`, (request, response) => {
    response.json(resourceOf(registry, find(registry, request.params.callSid)));
  });
  app.post(`${base}/:callSid.json`, (request, response) => {
    const call = find(registry, request.params.callSid);
    update(call, checked(updateForm, request.body ?? {}));
    response.json(resourceOf(registry, call));
  });
  app.use((): never => {
    throw new ApiError(404, 20404, "The requested resource was not found.");
  });
  app.use(answerError);
  return app;
}

function authenticate(registry: CallRegistry, request: express.Request): void {
  const { accountSid, authToken } = registry;
  const pair = Buffer.from(`${accountSid}:${authToken}`).toString("base64");
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(`Basic ${pair}`);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new ApiError(401, 20003, "Authenticate");
  }
  if (request.params.accountSid !== accountSid) {
    throw new ApiError(404, 20404, "The requested account was not found.");
  }
}

function orderOf(form: z.infer<typeof rawForm>): CallOrder {
  if (!form.To) throw new ApiError(400, 21201, "No 'To' number is specified");
  if (!form.From) {
    throw new ApiError(400, 21213, "'From' phone number is required");
  }
  const to = e164.safeParse(form.To);
  if (!to.success) {
    throw new ApiError(400, 21211, "The phone number in 'To' is not valid.");
  }
  const from = e164.safeParse(form.From);
  if (!from.success) {
    throw new ApiError(400, 21212, "The phone number in 'From' is not valid.");
  }
  const settings = checked(orderForm, form);
  return {
    callSid: newSid("CA"),
    to: to.data,
    from: from.data,
    application: applicationOf(settings),
    status:
      settings.StatusCallback === undefined
        ? undefined
        : {
            target: {
              url: settings.StatusCallback,
              method: settings.StatusCallbackMethod,
            },
            events: [settings.StatusCallbackEvent].flat(),
          },
    outbound: {
      timeoutSeconds: settings.Timeout,
      machineDetection:
        settings.MachineDetection === undefined
          ? undefined
          : {
              mode: settings.MachineDetection,
              async: settings.AsyncAmd,
              asyncCallback: settings.AsyncAmdStatusCallback,
            },
    },
  };
}

function applicationOf(
  settings: z.infer<typeof updateForm>,
): CallOrder["application"] {
  if (settings.Twiml !== undefined) return { twiml: settings.Twiml };
  if (settings.Url !== undefined) {
    return { url: settings.Url, method: settings.Method };
  }
  throw new ApiError(400, 21205, "Url parameter is required.");
}

function update(call: SimulatedCall, change: z.infer<typeof updateForm>): void {
  const ended = call.ending !== undefined;
  if (change.Status !== undefined) {
    if (ended) return;
    const rings = call.state !== "in-progress";
    if (change.Status === "canceled" && !rings) {
      throw new ApiError(
        400,
        21220,
        "Invalid call state: the call is in progress and cannot be canceled.",
      );
    }
    call.finish(rings ? "canceled" : "api");
    return;
  }
  if (call.state !== "in-progress") {
    throw new ApiError(400, 21220, "Call is not in-progress. Cannot redirect.");
  }
  call.run(applicationOf(change));
}

function find(registry: CallRegistry, callSid: string): SimulatedCall {
  const call = registry.find(callSid);
  if (call !== undefined) return call;
  throw new ApiError(404, 20404, `The call ${callSid} was not found.`);
}

function checked<T>(schema: z.ZodType<T>, form: unknown): T {
  const parsed = schema.safeParse(form);
  if (parsed.success) return parsed.data;
  throw new ApiError(400, 20001, z.prettifyError(parsed.error));
}

function resourceOf({ accountSid }: CallRegistry, call: SimulatedCall) {
  const ended = call.ending !== undefined;
  const status = call.state === "initiated" ? "queued" : call.state;
  return {
    sid: call.callSid,
    account_sid: accountSid,
    api_version: "2010-04-01",
    to: call.to,
    from: call.from,
    status,
    direction: call.direction,
    answered_by: call.answeredBy ?? null,
    duration: ended ? String(Math.round(call.durationMs / 1000)) : null,
    date_created: rfc2822(call.createdAtMs),
    parent_call_sid: null,
    price: null,
    price_unit: "USD",
    queue_time: "0",
    uri: `/2010-04-01/Accounts/${accountSid}/Calls/${call.callSid}.json`,
    subresource_uris: {},
  };
}

function answerError(
  error: unknown,
  _request: express.Request,
  response: express.Response,
  next: express.NextFunction,
): void {
  if (!(error instanceof ApiError)) {
    next(error);
    return;
  }
  response.status(error.status).json({
    code: error.code,
    message: error.message,
    more_info: `https://www.twilio.com/docs/errors/${error.code}`,
    status: error.status,
  });
}
