import { z } from "zod";
import { defaultPage, nextPage, pageLimit } from "../http/page.js";
import { defineRoute, type Route, unused } from "../http/route.js";
import { optOutOf, optedOutAmong } from "../opt-outs/store.js";
import { identitiesOf, optional, text } from "../people/fields.js";
import { accountId, externalAccount } from "../wallet/fields.js";
import { saveVendor, vendorsOf } from "./store.js";
import { shownVendor, vendorBody, vendorShape } from "./vendor.js";

const putVendor = defineRoute({
  method: "put",
  path: "/vendors/{vendorId}",
  operationId: "putVendor",
  tag: "vendors",
  summary:
    "Keeps what is known of a vendor, new or known; the catalogue is replaced as a whole",
  effect: "write",
  params: z.object({
    // It is the id of the vendor's account, too.
    vendorId: accountId.refine(
      (id) => id !== externalAccount,
      "must not be the account of the world outside",
    ),
  }),
  query: unused,
  body: vendorBody,
  answer: z.object({ vendor: vendorShape }),
  problems: [],
  async handle({ params, body }, { sql, tenantId, nowMs }) {
    const vendor = {
      ...params,
      ...body,
      rating: body.rating ?? null,
      responseSeconds: body.responseSeconds ?? null,
    };
    await saveVendor(sql, tenantId, vendor, nowMs);
    const optOut = await optOutOf(sql, tenantId, identitiesOf(vendor));
    return { vendor: shownVendor(vendor, optOut !== undefined) };
  },
});

const listVendors = defineRoute({
  method: "get",
  path: "/vendors",
  operationId: "vendors",
  tag: "vendors",
  summary: "The tenant's vendors by vendorId, page by page",
  effect: "read",
  params: unused,
  query: z.strictObject({
    limit: optional(pageLimit),
    after: optional(text(128)),
  }),
  body: unused,
  answer: z.object({ vendors: z.array(vendorShape), next: nextPage }),
  problems: [],
  async handle({ query }, { sql, tenantId }) {
    const count = query.limit ?? defaultPage;
    // One more than asked for tells whether there is a next page.
    const found = await vendorsOf(sql, tenantId, {
      after: query.after,
      limit: count + 1,
    });
    const page = found.slice(0, count);
    const optedOut = await optedOutAmong(
      sql,
      tenantId,
      page.map(({ phone }) => ({ kind: "phone", value: phone })),
    );
    return {
      vendors: page.map((one) => shownVendor(one, optedOut.has(one.phone))),
      next: found.length > count ? (page.at(-1)?.vendorId ?? null) : null,
    };
  },
});

/** Those who sell. */
export const vendorRoutes: readonly Route[] = [putVendor, listVendors];
