import { writtenAmount } from "./currencies.js";

/** What someone is to pay, and where. */
export interface PaymentRequest {
  readonly paymentId: string;
  readonly region: string;
  /** In the currency's minor unit. */
  readonly amount: number;
  readonly currency: string;
  readonly merchant: string | undefined;
}

/** What a payment can be made with here. */
export interface PaymentMeans {
  /** The merchant code for requests that name none. */
  readonly merchant: string;
  readonly paymentLinkBaseUrl: string;
}

/** How it is paid, with a sentence for the person who pays. */
export type PaymentWay =
  | {
      method: "momo_ussd";
      ussd: string;
      merchant: string;
      instructions: string;
    }
  | { method: "payment_link"; url: string; instructions: string }
  | { method: "manual"; instructions: string };

/** Why it cannot be paid that way. */
export interface PaymentObstacle {
  readonly code: "currency_not_supported";
  readonly field: string;
  readonly detail: string;
}

/** How a payment is made in its region: MoMo's USSD code, a link, or by hand. Pure. */
export function decidePayment(
  request: PaymentRequest,
  means: PaymentMeans,
): { way: PaymentWay } | { obstacle: PaymentObstacle } {
  if (request.region === "rw") return momo(request, means);
  if (request.region === "mt") return { way: link(request, means) };
  const amount = writtenAmount(request.amount, request.currency);
  return {
    way: {
      method: "manual",
      instructions: `Someone from the team will get in touch to arrange the payment of ${amount}.`,
    },
  };
}

function momo(
  request: PaymentRequest,
  means: PaymentMeans,
): ReturnType<typeof decidePayment> {
  if (request.currency !== "RWF")
    return {
      obstacle: {
        code: "currency_not_supported",
        field: "currency",
        detail: "MoMo in Rwanda is paid in RWF",
      },
    };
  const merchant = request.merchant ?? means.merchant;
  // MTN Rwanda's MoMoPay: the franc has no minor unit, so the amount stands as it is.
  const ussd = `*182*8*1*${merchant}*${request.amount}#`;
  const amount = writtenAmount(request.amount, request.currency);
  return {
    way: {
      method: "momo_ussd",
      ussd,
      merchant,
      instructions: `Dial ${ussd} and confirm with your MoMo PIN to pay ${amount}.`,
    },
  };
}

function link(request: PaymentRequest, means: PaymentMeans): PaymentWay {
  const base = means.paymentLinkBaseUrl.replace(/\/+$/, "");
  const url = `${base}/${request.paymentId}`;
  const amount = writtenAmount(request.amount, request.currency);
  return {
    method: "payment_link",
    url,
    instructions: `Open ${url} to pay ${amount}.`,
  };
}
