/** Meta's way to say no. Codes: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes */
export class GraphRefusal extends Error {
  readonly status: number;
  readonly code: number;
  readonly detail: string;

  constructor(status: number, code: number, title: string, detail: string) {
    super(`(#${code}) ${title}`);
    this.status = status;
    this.code = code;
    this.detail = detail;
  }

  /** The body of the answer. */
  toBody(): unknown {
    return {
      error: {
        message: this.message,
        type: "OAuthException",
        code: this.code,
        error_data: { messaging_product: "whatsapp", details: this.detail },
        fbtrace_id: "demo",
      },
    };
  }
}

/** A failure that Meta tells afterwards, in a status webhook. */
export interface LateFailure {
  readonly code: number;
  readonly title: string;
  readonly details: string;
}

export const windowClosed: LateFailure = {
  code: 131_047,
  title: "Re-engagement message",
  details: "More than 24 hours have passed since the person last wrote.",
};

export const offersUnwanted: LateFailure = {
  code: 131_050,
  title: "The person has stopped marketing messages from this business",
  details: "Send them no more until they ask for it.",
};

export function invalidParameter(detail: string): GraphRefusal {
  return new GraphRefusal(400, 100, "Invalid parameter", detail);
}
