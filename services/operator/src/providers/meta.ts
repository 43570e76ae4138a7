import { z } from "zod";
import {
  exchange,
  isTemporary,
  retryAfterMs,
  type Answer,
} from "./exchange.js";
import {
  ProviderError,
  type NumberProvider,
  type NumberSettings,
  type ProviderErrorReason,
} from "./provider.js";

export interface MetaOptions {
  readonly accessToken: string;
  /** What Meta shows to whatsapp-bot before it takes an address. */
  readonly verifyToken: string;
  /** `GRAPH_API_URL`, with the version. */
  readonly apiUrl: string;
  readonly timeoutMs: number;
  /** Epoch milliseconds, for a `Retry-After` that is a date. */
  readonly now: () => number;
}

const phoneNumber = z.object({
  id: z.string().min(1),
  webhook_configuration: z
    .object({ phone_number: z.string().optional() })
    .optional(),
});

const refusal = z.object({
  error: z.object({
    code: z.int(),
    error_subcode: z.int().optional(),
    is_transient: z.boolean().optional(),
    message: z.string().optional(),
  }),
});

const usage = z.record(
  z.string(),
  z.array(z.object({ estimated_time_to_regain_access: z.number().min(0) })),
);

const title = "Meta";
/** The name that the setting has when it is written. */
const overrideField = "override_callback_uri";

/**
 * The address that a WhatsApp number's webhooks go to, before its account's and its app's own.
 * Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override/
 */
export function createMeta(options: MetaOptions): NumberProvider {
  const { accessToken, verifyToken, apiUrl, timeoutMs, now } = options;
  const base = apiUrl.replace(/\/+$/, "");
  const request = async (
    path: string,
    init: Parameters<typeof exchange>[2],
    signal: AbortSignal,
  ): Promise<Answer> => {
    const answer = await exchange(
      { title, authorization: `Bearer ${accessToken}`, timeoutMs },
      `${base}/${path}`,
      init,
      signal,
    );
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw problemOf(answer, now());
  };
  return {
    async find(address, signal) {
      const answer = await request(
        `${encodeURIComponent(address)}?fields=webhook_configuration`,
        {},
        signal,
      );
      const parsed = phoneNumber.safeParse(answer.body);
      if (!parsed.success)
        throw new ProviderError(
          "ProviderUnreachable",
          "Meta's answer is not a phone number: is GRAPH_API_URL its Graph API?",
        );
      return {
        id: parsed.data.id,
        settings: metaSettings(
          parsed.data.webhook_configuration?.phone_number ?? "",
        ),
      };
    },
    async write(number, settings, signal) {
      const address = settings[overrideField] ?? "";
      await request(
        encodeURIComponent(number.id),
        {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({
            webhook_configuration: {
              [overrideField]: address,
              // An empty address takes the override away, and is not verified.
              ...(address === "" ? {} : { verify_token: verifyToken }),
            },
          }),
        },
        signal,
      );
    },
  };
}

/** What a number of this platform is set to. */
export function metaSettings(webhookAddress: string): NumberSettings {
  return { [overrideField]: webhookAddress };
}

function problemOf(answer: Answer, nowMs: number): ProviderError {
  const { status, headers } = answer;
  const error = refusal.safeParse(answer.body).data?.error;
  const said = `${error?.message ?? "no reason given"} (HTTP ${status}${error === undefined ? "" : `, code ${error.code}`})`;
  const reason = reasonOf(status, error);
  const asked = retryAfterMs(headers, nowMs) ?? regainedAfterMs(headers);
  return new ProviderError(
    reason,
    sentences[reason](said),
    reason === "ProviderUnreachable" ? { retryAfterMs: asked } : {},
  );
}

const sentences: Readonly<
  Record<ProviderErrorReason, (said: string) => string>
> = {
  CredentialsRejected: (said) => `Meta rejected META_ACCESS_TOKEN: ${said}.`,
  NumberNotFound: (said) =>
    `META_ACCESS_TOKEN sees no such phone number id: ${said}.`,
  ProviderUnreachable: (said) => `Meta could not answer: ${said}.`,
  ProviderRefused: (said) => `Meta refused: ${said}.`,
};

/** Sources: https://developers.facebook.com/docs/graph-api/guides/error-handling, …/overview/rate-limiting */
function reasonOf(
  status: number,
  error: z.infer<typeof refusal>["error"] | undefined,
): ProviderErrorReason {
  if (error?.is_transient === true || isTemporary(status))
    return "ProviderUnreachable";
  if (error === undefined)
    return status === 401 ? "CredentialsRejected" : "ProviderRefused";
  const { code } = error;
  if ([1, 2, 4, 17, 32, 613, 80_007, 80_008, 130_429].includes(code))
    return "ProviderUnreachable";
  if ((code === 100 && error.error_subcode === 33) || code === 803)
    return "NumberNotFound";
  const isPermission = code === 3 || code === 10 || (code >= 200 && code < 300);
  return status === 401 || code === 190 || code === 102 || isPermission
    ? "CredentialsRejected"
    : "ProviderRefused";
}

/** Meta says in minutes when a limit is over. */
function regainedAfterMs(headers: Headers): number | undefined {
  const text = headers.get("x-business-use-case-usage");
  if (text === null) return undefined;
  try {
    const parsed = usage.safeParse(JSON.parse(text));
    const minutes = Object.values(parsed.data ?? {})
      .flat()
      .map((entry) => entry.estimated_time_to_regain_access);
    const longest = Math.max(0, ...minutes);
    return longest === 0 ? undefined : Math.min(longest, 60) * 60_000;
  } catch {
    return undefined;
  }
}
