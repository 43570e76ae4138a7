import type { PageQuery } from "../fields.js";
import type { ReadOptions, WriteOptions } from "../tools.js";
import type { TenantTransport } from "../transport.js";
import {
  accountAnswer,
  type AccountPage,
  type CaptureBody,
  type Reservation,
  reservationAnswer,
  type ReserveBody,
  type Transaction,
  transactionAnswer,
  type TransferBody,
} from "./shapes.js";

/** The money of one tenant. Every method rejects with `AgentCoreError`. */
export interface WalletApi {
  /** Holds an amount of the buyer's account; refused with `insufficient_funds` when that is not there. */
  reserve(
    body: ReserveBody,
    options: WriteOptions,
  ): Promise<{ reservation: Reservation }>;
  /** Moves what was held. */
  captureReservation(
    reservationId: string,
    body: CaptureBody,
    options: WriteOptions,
  ): Promise<{ reservation: Reservation }>;
  /** Holds it no longer. */
  releaseReservation(
    reservationId: string,
    options: WriteOptions,
  ): Promise<{ reservation: Reservation }>;
  transfer(
    body: TransferBody,
    options: WriteOptions,
  ): Promise<{ transaction: Transaction }>;
  /** One page of entries, newest first; `next` is the `after` of the following page, `null` on the last. */
  account(
    accountId: string,
    page?: PageQuery & { readonly currency?: string },
    options?: ReadOptions,
  ): Promise<AccountPage>;
}

/** The wallet over one tenant's transport. */
export function walletApi(transport: TenantTransport): WalletApi {
  const of = (reservationId: string, what: string): string =>
    `/wallet/reservations/${encodeURIComponent(reservationId)}/${what}`;
  return {
    reserve: (body, options) =>
      transport.write("/wallet/reservations", body, reservationAnswer, options),
    captureReservation: (reservationId, body, options) =>
      transport.write(
        of(reservationId, "capture"),
        body,
        reservationAnswer,
        options,
      ),
    releaseReservation: (reservationId, options) =>
      transport.write(
        of(reservationId, "release"),
        {},
        reservationAnswer,
        options,
      ),
    transfer: (body, options) =>
      transport.write("/wallet/transfer", body, transactionAnswer, options),
    account: (accountId, page = {}, options) =>
      transport.read(
        {
          method: "GET",
          path: `/wallet/accounts/${encodeURIComponent(accountId)}`,
          query: { ...page },
        },
        accountAnswer,
        options,
      ),
  };
}
