import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { databases } from "../testing/databases.js";
import { People } from "../testing/people.js";
import {
  newPhone,
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "../testing/running.js";

describe.each(databases)("vendors and rankings on %s", (_name, databaseUrl) => {
  let core: RunningAgentCore;
  beforeAll(async () => {
    core = await startAgentCore({ databaseUrl: await databaseUrl() });
  });
  afterAll(() => core.close());

  /** A tenant with three vendors, each with a number of its own. */
  async function market() {
    const of = new People(core, newTenant());
    const phones = { a: newPhone(), b: newPhone(), c: newPhone() };
    await of.vendor("a", { phone: phones.a, rating: 4.5 });
    await of.vendor("b", { phone: phones.b, area: "Remera", rating: 4.5 });
    await of.vendor("c", {
      phone: phones.c,
      items: [{ name: "Chain kit", price: 9_000, currency: "RWF" }],
    });
    return { of, phones };
  }

  const idsOf = ({ candidates }: { candidates: { vendorId: string }[] }) =>
    candidates.map(({ vendorId }) => vendorId);

  test("a vendor is what was told last, catalogue and all", async () => {
    const of = new People(core, newTenant());
    const told = {
      name: "Nyabugogo Moto",
      phone: "0788 123 456",
      area: "Nyabugogo",
      rating: 4.6,
      responseSeconds: 240,
      items: [
        { name: "Brake pads", price: 4_500, currency: "RWF" },
        { name: "Chain", price: 12_000, currency: "RWF" },
      ],
    };
    await of.put("/vendors/v-1", { ...told, name: "Earlier" });
    const vendor = {
      ...told,
      vendorId: "v-1",
      phone: "+250788123456",
      optedOut: false,
    };
    expect(await of.put("/vendors/v-1", told)).toMatchObject({
      status: 200,
      body: { vendor },
    });
    expect((await of.get("/vendors")).body).toEqual({
      vendors: [vendor],
      next: null,
    });
    const less = { ...told, rating: null, responseSeconds: null, items: [] };
    await of.put("/vendors/v-1", less);
    expect((await of.get("/vendors")).body).toMatchObject({
      vendors: [{ rating: null, responseSeconds: null, items: [] }],
    });
  });

  test("vendors come page by page, each once", async () => {
    const of = new People(core, newTenant());
    for (const id of ["b", "B", "a-2", "a"]) await of.vendor(id);
    const seen: string[] = [];
    let after = "";
    do {
      const { body } = await of.get(`/vendors?limit=3${after}`);
      const page = z
        .object({
          vendors: z.array(z.object({ vendorId: z.string() })),
          next: z.string().nullable(),
        })
        .parse(body);
      seen.push(...page.vendors.map(({ vendorId }) => vendorId));
      after =
        page.next === null ? "" : `&after=${encodeURIComponent(page.next)}`;
    } while (after !== "");
    expect(seen).toEqual(["B", "a", "a-2", "b"]);
  });

  test.each([
    ["v-1", { rating: 5.1 }, "rating"],
    ["v-1", { responseSeconds: -1 }, "responseSeconds"],
    ["v-1", { phone: "none" }, "phone"],
    [
      "v-1",
      { items: [{ name: "x", price: 0, currency: "RWF" }] },
      "items.0.price",
    ],
    [
      "v-1",
      { items: [{ name: "x", price: 1, currency: "ABC" }] },
      "items.0.currency",
    ],
    ["external", {}, "vendorId"],
  ])("a vendor %s with %p is refused", async (id, more, field) => {
    const of = new People(core, newTenant());
    expect(await of.vendor(id, more)).toMatchObject({
      status: 400,
      body: { errors: [{ field }] },
    });
  });

  test("a ranking has those who sell what is wanted, the best first, with reasons", async () => {
    const { of } = await market();
    const ranked = await of.rank(newPhone());
    expect(idsOf(ranked)).toEqual(["a", "b"]);
    expect(ranked.candidates[0]).toEqual({
      vendorId: "a",
      name: "Shop a",
      score: 0.928,
      price: 5_000,
      currency: "RWF",
      item: "Brake pads",
      area: "Nyabugogo",
      reasons: [
        'Has "Brake pads", all that "brake pads" asks for',
        "Costs 5,000 RWF, the lowest of 2 offers",
        "Is in Nyabugogo, where it is wanted",
        "Is rated 4.5 of 5",
        "How fast they answer is not known",
      ],
    });
    expect(idsOf(await of.rank(newPhone(), { limit: 1 }))).toEqual(["a"]);
  });

  test("a ranking that is asked for again under its key is the same", async () => {
    const { of } = await market();
    const body = {
      intentId: "i",
      name: "order",
      slots: { item: "brake pads" },
      contact: newPhone(),
    };
    const first = await of.post("/rankings", body, "k");
    await of.vendor("z", { phone: newPhone() });
    expect((await of.post("/rankings", body, "k")).body).toEqual(first.body);
  });

  test("whoever opted out gets nobody, by whatever they are known", async () => {
    const { of } = await market();
    const phone = newPhone();
    await of.buyer({ phone, userId: "wa-1" });
    await of.post("/tools/register-opt-out", { phone, channel: "voice" });
    for (const contact of [phone, "wa-1", { phone }, { userId: "wa-1" }])
      expect(idsOf(await of.rank(contact))).toEqual([]);
    expect(idsOf(await of.rank(newPhone()))).toEqual(["a", "b"]);
    await of.post("/tools/log-lead", { phone, optIn: true });
    expect(idsOf(await of.rank(phone))).toEqual(["a", "b"]);
  });

  test("a vendor who opted out is in nobody's, by whatever they are known", async () => {
    const { of, phones } = await market();
    await of.post("/tools/register-opt-out", {
      phone: phones.a,
      channel: "voice",
    });
    expect(idsOf(await of.rank(newPhone()))).toEqual(["b"]);
    expect((await of.get("/vendors")).body).toMatchObject({
      vendors: [
        { vendorId: "a", optedOut: true },
        { vendorId: "b", optedOut: false },
        { vendorId: "c", optedOut: false },
      ],
    });
    await of.post("/tools/log-lead", { phone: phones.b, userId: "wa-b" });
    await of.post("/tools/register-opt-out", {
      userId: "wa-b",
      channel: "whatsapp",
    });
    expect(idsOf(await of.rank(newPhone()))).toEqual([]);
  });

  test("an opt-out with one tenant is none with another", async () => {
    const { of, phones } = await market();
    const other = new People(core, newTenant());
    const phone = newPhone();
    for (const one of [phone, phones.a])
      await other.post("/tools/register-opt-out", {
        phone: one,
        channel: "sms",
      });
    expect(idsOf(await of.rank(phone))).toEqual(["a", "b"]);
  });

  test("the vendors of another tenant are in no ranking", async () => {
    await market();
    const other = new People(core, newTenant());
    expect(await other.rank(newPhone())).toMatchObject({ candidates: [] });
    expect((await other.get("/vendors")).body).toEqual({
      vendors: [],
      next: null,
    });
  });

  test.each([
    ["limit", { limit: 0 }],
    ["limit", { limit: 51 }],
    ["slots", { slots: "brake pads" }],
    ["contact", { contact: "" }],
    ["intentId", { intentId: null }],
  ])("a wrong %s is refused", async (field, more) => {
    const of = new People(core, newTenant());
    const answer = await of.post("/rankings", {
      intentId: "i",
      name: "order",
      slots: {},
      contact: newPhone(),
      ...more,
    });
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ field }] },
    });
  });
});
