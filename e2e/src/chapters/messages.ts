import assert from "node:assert/strict";
import { until } from "@easymo/testbed";
import { PHONE_NUMBER_ID, SIP_DESK, TENANT } from "../outside/numbers.js";
import { signal, writeOnWhatsApp } from "../outside/people.js";
import type { Step } from "../story/story.js";
import type { World } from "../world.js";

/** A WhatsApp message, and what becomes of it. */
export async function whatsapp(step: Step, world: World): Promise<void> {
  const waId = "250788500101";
  const phone = `+${waId}`;
  const written = {
    phoneNumberId: PHONE_NUMBER_ID,
    waId,
    text: "I need brake pads in Kimironko",
  };
  await step(
    "turns away a webhook that is not signed with the app's secret",
    async () => {
      const url = await world.url("whatsapp-bot");
      assert.equal(await writeOnWhatsApp(url, "another", written), 401);
    },
  );
  await step(
    "takes a message: it is on Kafka, and its writer a lead in agent-core",
    async () => {
      await world.agentCore((core) =>
        core.putVendor(
          "moto-shop",
          {
            name: "Moto Shop",
            phone: "+250788600001",
            area: "Kimironko",
            rating: 4.5,
            items: [{ name: "brake pads", price: 12_000, currency: "RWF" }],
          },
          { idempotencyKey: "e2e-moto-shop" },
        ),
      );
      const url = await world.url("whatsapp-bot");
      const status = await writeOnWhatsApp(
        url,
        await world.secret("META_APP_SECRET"),
        written,
      );
      assert.equal(status, 200);
      await world.tape.next(
        "message.received",
        ({ data }) => data.phone === phone,
      );
      const lead = await world.agentCoreSays(
        async (core) => (await core.fetchLead({ phone })).lead ?? undefined,
        "The lead in agent-core",
      );
      assert.equal(lead.name, "Aline");
    },
  );
  await step(
    "forwards the ranking, and answers by the Graph API with the vendor's offer",
    async () => {
      await world.tape.next(
        "ranking.forwarded",
        ({ data }) => data.phone === phone,
      );
      await until(
        () =>
          world.graphApi.sent.some(
            ({ to, text }) =>
              to?.replace("+", "") === waId &&
              text?.body.includes("Moto Shop") === true,
          ),
        { what: "The answer with the offer", timeoutMs: 60_000 },
      );
    },
  );
}

/** What a SIP proxy tells of a call. */
export async function sip(step: Step, world: World): Promise<void> {
  const callId = "e2e-sip-1";
  const about = { callId, from: "+250788500201", to: SIP_DESK };
  await step(
    "takes a SIP call's events with the tenant's token, and each of them once",
    async () => {
      const url = await world.url("sip-ingress");
      const token = await world.sipToken(TENANT);
      for (const event of ["ringing", "connected", "dtmf", "ended"] as const) {
        const first = await signal(url, token, { ...about, event });
        assert.deepEqual(first, { status: 202, replayed: false });
      }
      const refused = await signal(url, "another", {
        ...about,
        event: "ended",
      });
      assert.equal(refused.status, 401);
      await world.tape.next("sip.ended", ({ data }) => data.callId === callId);
      await world.tape.next("call.stop", ({ data }) => data.callId === callId);
      for (const type of [
        "sip.ringing",
        "sip.connected",
        "sip.dtmf",
        "sip.ended",
      ] as const)
        assert.equal(
          world.tape.of(type).filter(({ data }) => data.callId === callId)
            .length,
          1,
        );
    },
  );
  await step("stitches it into the person's conversation", async () => {
    await world.tape.next(
      "conversation.updated",
      ({ data }) => data.phone === about.from && data.lastChannel === "sip",
    );
  });
}
