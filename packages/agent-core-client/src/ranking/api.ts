import type { PageQuery } from "../fields.js";
import type { ReadOptions, WriteOptions } from "../tools.js";
import type { TenantTransport } from "../transport.js";
import {
  type RankBody,
  type Ranking,
  rankingAnswer,
  type Vendor,
  vendorAnswer,
  type VendorBody,
  vendorsAnswer,
  type VendorsPage,
} from "./shapes.js";

/** Vendors, and which of them suit whom. Every method rejects with `AgentCoreError`. */
export interface RankingApi {
  /** Who could sell what is wanted, the best first, each with its reasons. */
  rank(body: RankBody, options: WriteOptions): Promise<Ranking>;
  /** Replaces everything that is known of a vendor, the catalogue included. */
  putVendor(
    vendorId: string,
    body: VendorBody,
    options: WriteOptions,
  ): Promise<{ vendor: Vendor }>;
  /** One page by vendorId; `next` is the `after` of the following page, `null` on the last. */
  vendors(page?: PageQuery, options?: ReadOptions): Promise<VendorsPage>;
}

/** The ranking service over one tenant's transport. */
export function rankingApi(transport: TenantTransport): RankingApi {
  return {
    rank: async (body, options) => {
      const { rankingId, candidates } = await transport.write(
        "/rankings",
        body,
        rankingAnswer,
        options,
      );
      // Without an id of its own, a ranking is known by the wish that it is for.
      return { rankingId: rankingId ?? `of-${body.intentId}`, candidates };
    },
    putVendor: (vendorId, body, options) =>
      transport.write(
        `/vendors/${encodeURIComponent(vendorId)}`,
        body,
        vendorAnswer,
        options,
        "PUT",
      ),
    vendors: (page = {}, options) =>
      transport.read(
        { method: "GET", path: "/vendors", query: { ...page } },
        vendorsAnswer,
        options,
      ),
  };
}
