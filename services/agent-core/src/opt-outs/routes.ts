import type { Metrics } from "@easymo/service-kit";
import { z } from "zod";
import { defineRoute, type Route, unused } from "../http/route.js";
import {
  identitiesOf,
  namingSomebody,
  optional,
  personFields,
  phone,
  text,
} from "../people/fields.js";
import { addOptOuts, optOutOf } from "./store.js";

/** Where a person can say that they want no more of it. */
export const optOutChannels = [
  "voice",
  "sip",
  "whatsapp",
  "sms",
  "web",
  "manual",
] as const;

/** The registry of those who want no more of it. */
export function optOutRoutes({ metrics }: { metrics: Metrics }): Route[] {
  const registered = metrics.counter(
    "easymo_opt_outs_total",
    "Opt-outs that were new to the registry, by where they were said",
    ["channel"],
  );
  for (const channel of optOutChannels) registered.inc({ channel }, 0);
  return [registerOptOut((channel) => registered.inc({ channel })), readOptOut];
}

function registerOptOut(
  countNew: (channel: (typeof optOutChannels)[number]) => void,
): Route {
  return defineRoute({
    method: "post",
    path: "/tools/register-opt-out",
    operationId: "registerOptOut",
    tag: "opt-outs",
    summary:
      "Puts a person into the registry; who is there already stays there as they were",
    effect: "write",
    params: unused,
    query: unused,
    body: namingSomebody(
      z.object({
        ...personFields,
        channel: z.enum(
          optOutChannels,
          `must be one of ${optOutChannels.join(", ")}`,
        ),
        reason: optional(text(500)),
      }),
    ),
    answer: z.object({
      optOut: z.object({
        phone: z.string().nullable(),
        userId: z.string().nullable(),
        channel: z.string(),
        at: z.iso.datetime(),
      }),
    }),
    problems: [],
    async handle({ body }, { sql, tenantId, nowMs, afterCommit }) {
      const { channel, reason } = body;
      const identities = identitiesOf(body);
      const before = await optOutOf(sql, tenantId, identities);
      const said = { channel, reason, nowMs };
      const added = await addOptOuts(sql, tenantId, identities, said);
      if (added > 0 && before === undefined)
        afterCommit(() => countNew(channel));
      // Someone else may have registered the same person since `before`.
      const first = (await optOutOf(sql, tenantId, identities)) ?? {
        channel,
        atMs: nowMs,
      };
      return {
        optOut: {
          phone: body.phone ?? null,
          userId: body.userId ?? null,
          channel: first.channel,
          at: new Date(first.atMs).toISOString(),
        },
      };
    },
  });
}

const readOptOut = defineRoute({
  method: "get",
  path: "/opt-outs/{phone}",
  operationId: "optOut",
  tag: "opt-outs",
  summary:
    "Whether nothing may go out to a number: because it is in the registry, or something else that the same person is known by",
  effect: "read",
  params: z.object({ phone }),
  query: unused,
  body: unused,
  answer: z.object({
    phone: z.string(),
    optedOut: z.boolean(),
    channel: z.string().optional(),
    at: z.iso.datetime().optional(),
  }),
  problems: [],
  async handle({ params }, { sql, tenantId }) {
    const found = await optOutOf(sql, tenantId, identitiesOf(params));
    return {
      phone: params.phone,
      optedOut: found !== undefined,
      ...(found === undefined
        ? {}
        : {
            channel: found.channel,
            at: new Date(found.atMs).toISOString(),
          }),
    };
  },
});
