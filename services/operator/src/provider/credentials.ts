import { createHash } from "node:crypto";
import type { Clock } from "@easymo/service-kit";
import type { Channel } from "../api/index.js";
import { KubernetesError, keyText, type Kubernetes } from "../runtime/index.js";

/** The release's own, where a Channel names no Secret; under the names that a Secret's keys have too. */
export interface DefaultCredentials {
  readonly TWILIO_ACCOUNT_SID?: string | undefined;
  readonly TWILIO_AUTH_TOKEN?: string | undefined;
  readonly META_ACCESS_TOKEN?: string | undefined;
  readonly META_VERIFY_TOKEN?: string | undefined;
}

/** What opens a provider. */
export type Credentials =
  | {
      readonly kind: "twilio";
      readonly accountSid: string;
      readonly authToken: string;
    }
  | {
      readonly kind: "whatsapp";
      readonly accessToken: string;
      readonly verifyToken: string;
    };

/** A channel's credentials, or a sentence that says what is missing. */
export type CredentialsFound =
  | {
      readonly ok: true;
      readonly credentials: Credentials;
      /** Tells these from others without showing them. */
      readonly fingerprint: string;
    }
  | {
      readonly ok: false;
      readonly message: string;
    };

/** Thousands of channels may name one Secret: what was read of it holds for so long. */
const keptMs = 2_000;

type SecretContent = Readonly<Record<string, string>> | "forbidden" | undefined;

/** Reads credentials when they are wanted, by name: Secrets are neither watched nor listed. */
export class CredentialsReader {
  readonly #kubernetes: Kubernetes;
  readonly #clock: Clock;
  readonly #defaults: DefaultCredentials;
  readonly #read = new Map<
    string,
    { readonly content: Promise<SecretContent>; readonly atMs: number }
  >();

  constructor(options: {
    readonly kubernetes: Kubernetes;
    readonly clock: Clock;
    readonly defaults: DefaultCredentials;
  }) {
    this.#kubernetes = options.kubernetes;
    this.#clock = options.clock;
    this.#defaults = options.defaults;
  }

  /** Rejects when the API server does not answer. */
  async of(
    { metadata, spec }: Channel,
    kind: Credentials["kind"],
  ): Promise<CredentialsFound> {
    const reference = spec.credentialsSecretRef;
    if (reference === undefined)
      return credentialsIn(this.#defaults, kind, (key) => {
        return `The release has no ${key}, and the Channel names no Secret in spec.credentialsSecretRef.`;
      });
    const { namespace } = metadata;
    const { name } = reference;
    const content = await this.#secret({ namespace, name });
    if (content === "forbidden")
      return {
        ok: false,
        message: `The operator may not read the Secret ${name} in namespace ${namespace}: its chart's credentialsSecrets names those that it may.`,
      };
    if (content === undefined)
      return {
        ok: false,
        message: `There is no Secret ${name} in namespace ${namespace}.`,
      };
    // Meta shows the release's own bot its one verify token, whoever's number it is.
    const { META_VERIFY_TOKEN } = this.#defaults;
    return credentialsIn(
      { META_VERIFY_TOKEN, ...content },
      kind,
      (key) => `The Secret ${name} has no ${key}.`,
    );
  }

  #secret(key: { namespace: string; name: string }): Promise<SecretContent> {
    const text = keyText(key);
    const nowMs = this.#clock.monotonicMs();
    const known = this.#read.get(text);
    if (known !== undefined && nowMs - known.atMs < keptMs)
      return known.content;
    for (const [other, { atMs }] of this.#read)
      if (nowMs - atMs >= keptMs) this.#read.delete(other);
    const content = this.#kubernetes
      .readSecret(key)
      .catch((error: unknown): SecretContent => {
        if (error instanceof KubernetesError && error.status === 403)
          return "forbidden";
        throw error;
      });
    this.#read.set(text, { content, atMs: nowMs });
    content.catch(() => this.#read.delete(text));
    return content;
  }
}

function credentialsIn(
  from: DefaultCredentials,
  kind: Credentials["kind"],
  missing: (key: keyof DefaultCredentials) => string,
): CredentialsFound {
  const keys =
    kind === "twilio"
      ? (["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"] as const)
      : (["META_ACCESS_TOKEN", "META_VERIFY_TOKEN"] as const);
  // Files and `kubectl create secret --from-file` end in a newline.
  const [first = "", second = ""] = keys.map((key) => from[key]?.trim() ?? "");
  const lacking = first === "" ? keys[0] : second === "" ? keys[1] : undefined;
  if (lacking !== undefined) return { ok: false, message: missing(lacking) };
  return {
    ok: true,
    credentials:
      kind === "twilio"
        ? { kind, accountSid: first, authToken: second }
        : { kind, accessToken: first, verifyToken: second },
    fingerprint: createHash("sha256")
      .update(JSON.stringify([kind, first, second]))
      .digest("hex"),
  };
}
