import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { databases } from "../testing/databases.js";
import {
  newPhone,
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "../testing/running.js";

const leadAnswer = z.object({
  lead: z.object({
    leadId: z.string(),
    phone: z.string().nullable(),
    userId: z.string().nullable(),
    name: z.string().nullable(),
    tags: z.array(z.string()),
    optedOut: z.boolean(),
    optIn: z.boolean().nullable(),
  }),
});
const pageAnswer = z.object({
  leads: z.array(z.object({ name: z.string(), createdAt: z.string() })),
  next: z.string().nullable(),
});

describe.each(databases)("leads on %s", (_name, databaseUrl) => {
  let core: RunningAgentCore;
  beforeAll(async () => {
    core = await startAgentCore({ databaseUrl: await databaseUrl() });
  });
  afterAll(() => core.close());

  async function log(tenant: string, body: object) {
    const { status, body: answer } = await core.tool(tenant, "log-lead", body);
    expect(status).toBe(200);
    return leadAnswer.parse(answer).lead;
  }
  async function fetchLead(tenant: string, who: object): Promise<unknown> {
    const { status, body } = await core.tool(tenant, "fetch-lead", who);
    expect(status).toBe(200);
    return body.lead;
  }

  test("nobody is known at first", async () => {
    const tenant = newTenant();
    expect(await fetchLead(tenant, { phone: newPhone() })).toBeNull();
    expect(await fetchLead(tenant, { userId: "wa-1" })).toBeNull();
  });

  test("a person is known by their number however it is written", async () => {
    const tenant = newTenant();
    const lead = await log(tenant, { phone: "0788 123 456", name: "Aline" });
    expect(lead.phone).toBe("+250788123456");
    for (const phone of ["+250788123456", "0788123456", "+250 788-123-456"])
      expect(await fetchLead(tenant, { phone })).toMatchObject({
        leadId: lead.leadId,
        name: "Aline",
      });
  });

  test("a person may be known by the channel's user id alone", async () => {
    const tenant = newTenant();
    const lead = await log(tenant, { userId: "wa-1", name: "Aline" });
    expect(lead).toMatchObject({ phone: null, userId: "wa-1" });
    expect(await fetchLead(tenant, { userId: "wa-1" })).toMatchObject({
      leadId: lead.leadId,
    });
  });

  test("what is left out or null is not forgotten, and tags add up", async () => {
    const tenant = newTenant();
    const phone = newPhone();
    await log(tenant, {
      phone,
      name: "Aline",
      language: "en_US",
      source: "radio",
      lastChannel: "voice",
      tags: ["vip"],
    });
    await log(tenant, { phone, name: null, language: null, tags: ["moto"] });
    await log(tenant, { phone, source: null, optIn: null });
    expect(await fetchLead(tenant, { phone })).toMatchObject({
      name: "Aline",
      language: "en-US",
      source: "radio",
      lastChannel: "voice",
      tags: ["vip", "moto"],
      optIn: null,
    });
  });

  test("a number and an id that come together are one person from then on", async () => {
    const tenant = newTenant();
    const phone = newPhone();
    const byPhone = await log(tenant, { phone, name: "Aline", tags: ["a"] });
    const byId = await log(tenant, { userId: "wa-1", tags: ["b"] });
    expect(byId.leadId).not.toBe(byPhone.leadId);
    await core.tool(tenant, "create-call", {
      callId: `call-${tenant}`,
      leadId: byId.leadId,
      direction: "inbound",
      platform: "twilio",
    });
    const both = await log(tenant, { phone, userId: "wa-1" });
    expect(both).toMatchObject({
      leadId: byPhone.leadId,
      phone,
      userId: "wa-1",
      name: "Aline",
      tags: ["a", "b"],
    });
    expect(await fetchLead(tenant, { userId: "wa-1" })).toMatchObject({
      leadId: byPhone.leadId,
    });
    const page = await core.send("GET", "/tools/leads", { tenant });
    expect(page.body.leads).toHaveLength(1);
    // What pointed at the absorbed lead points at the other one, by its old id as well.
    const again = await core.tool(tenant, "set-disposition", {
      callId: `call-${tenant}`,
      code: "completed",
    });
    expect(again.body.call).toMatchObject({ leadId: byPhone.leadId });
    const later = await core.tool(tenant, "create-call", {
      callId: `later-${tenant}`,
      leadId: byId.leadId,
      direction: "inbound",
      platform: "twilio",
    });
    expect(later.body.call).toMatchObject({ leadId: byPhone.leadId });
  });

  test("a person with a second number is found by both", async () => {
    const tenant = newTenant();
    const [one, two] = [newPhone(), newPhone()];
    const first = await log(tenant, { phone: one, userId: "wa-1" });
    const second = await log(tenant, { phone: two, userId: "wa-1" });
    expect(second).toMatchObject({ leadId: first.leadId, phone: two });
    for (const phone of [one, two])
      expect(await fetchLead(tenant, { phone })).toMatchObject({
        leadId: first.leadId,
      });
  });

  test("fifty first words about one person at once make one lead, and lose nothing", async () => {
    const tenant = newTenant();
    const phone = newPhone();
    const leads = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        log(tenant, { phone, tags: [`tag-${index}`] }),
      ),
    );
    expect(new Set(leads.map(({ leadId }) => leadId)).size).toBe(1);
    const lead = leadAnswer.parse({ lead: await fetchLead(tenant, { phone }) });
    expect(lead.lead.tags).toHaveLength(50);
  });

  test("joins that cross each other at once end in one person", async () => {
    const tenant = newTenant();
    const phones = Array.from({ length: 6 }, newPhone);
    const ids = phones.map((_, index) => `wa-${index}`);
    await Promise.all([
      ...phones.map((phone) => log(tenant, { phone, tags: [phone] })),
      ...ids.map((userId) => log(tenant, { userId, tags: [userId] })),
    ]);
    // A ring: number 0 with id 0, id 0 with number 1, number 1 with id 1, and so on.
    await Promise.all(
      phones.flatMap((phone, index) => [
        log(tenant, { phone, userId: ids[index] }),
        log(tenant, { phone: phones[(index + 1) % 6], userId: ids[index] }),
      ]),
    );
    const found = new Set<unknown>();
    for (const who of [
      ...phones.map((phone) => ({ phone })),
      ...ids.map((userId) => ({ userId })),
    ]) {
      const lead = leadAnswer.parse({
        lead: await fetchLead(tenant, who),
      }).lead;
      found.add(lead.leadId);
      expect([...lead.tags].sort()).toEqual([...phones, ...ids].sort());
    }
    expect(found.size).toBe(1);
  });

  test("the list goes page by page, newest first, each lead once", async () => {
    const tenant = newTenant();
    for (let index = 0; index < 7; index += 1)
      await log(tenant, { phone: newPhone(), name: `n${index}` });
    await log(newTenant(), { phone: newPhone(), name: "someone else's" });
    const names: string[] = [];
    const times: string[] = [];
    let next: string | null = "";
    for (let pages = 0; next !== null && pages < 10; pages += 1) {
      const after: string = next === "" ? "" : `&after=${next}`;
      const { body } = await core.send("GET", `/tools/leads?limit=3${after}`, {
        tenant,
      });
      const page = pageAnswer.parse(body);
      expect(page.leads.length).toBeLessThanOrEqual(3);
      names.push(...page.leads.map(({ name }) => name));
      times.push(...page.leads.map(({ createdAt }) => createdAt));
      next = page.next;
      // One that comes meanwhile is not in the way.
      if (pages === 0) await log(tenant, { phone: newPhone(), name: "late" });
    }
    expect(next).toBeNull();
    expect(new Set(names)).toEqual(
      new Set(["n0", "n1", "n2", "n3", "n4", "n5", "n6"]),
    );
    expect(names).toHaveLength(7);
    expect(times).toEqual([...times].sort().reverse());
  });

  test("a page that is exactly full and last has no next", async () => {
    const tenant = newTenant();
    for (const name of ["a", "b"]) await log(tenant, { userId: name, name });
    const { body } = await core.send("GET", "/tools/leads?limit=2", { tenant });
    expect(pageAnswer.parse(body).next).toBeNull();
  });
});
