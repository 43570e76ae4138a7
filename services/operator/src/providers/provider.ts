/** Where a number sends what happens on it, under the provider's own names; nothing set is the empty text. */
export type NumberSettings = Readonly<Record<string, string>>;

/** A number as its provider has it. */
export interface ProviderNumber {
  /** The provider's own id of it. */
  readonly id: string;
  readonly settings: NumberSettings;
}

/** What went wrong at a provider, in the words of the condition `Programmed`. */
export type ProviderErrorReason =
  /** The credentials are wrong or may not do this. */
  | "CredentialsRejected"
  /** The account has no such number. */
  | "NumberNotFound"
  /** It did not answer, or asked to wait: worth another try soon. */
  | "ProviderUnreachable"
  /** It answered, and would not do it. */
  | "ProviderRefused";

/** A provider did not do as it was asked. The message is a sentence for people, without secrets. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
  readonly reason: ProviderErrorReason;
  /** How long the provider asked to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    reason: ProviderErrorReason,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The part of a provider's API that says where a number sends what happens on it. Each method rejects with ProviderError. */
export interface NumberProvider {
  /** The number of that address, with its settings. */
  find(address: string, signal: AbortSignal): Promise<ProviderNumber>;
  /** Sets these settings of the number, and leaves others as they are. */
  write(
    number: ProviderNumber,
    settings: NumberSettings,
    signal: AbortSignal,
  ): Promise<void>;
}
