import { deriveEventId } from "@easymo/messaging";
import { until } from "@easymo/testbed";
import { describe, expect, test } from "@jest/globals";
import { intent, newPhone, received } from "./testing/events.js";
import { stageForEach } from "./testing/stage.js";

const stage = stageForEach();

describe("without a model", () => {
  test("who does not say where is asked, and their answer is understood though offers came in between", async () => {
    const phone = newPhone();
    const messageId = `wamid.${phone}`;
    const intentId = deriveEventId("whatsapp", messageId, "intent");
    const more = { intentId, slots: { item: "brake pads" } };
    await stage.happens(
      received(phone, "I need brake pads", { messageId }),
      // As whatsapp-bot tells of it.
      intent(phone, more, { id: intentId, subject: messageId }),
    );
    const offered = () =>
      stage.log.next(
        "message.send",
        ({ data }) => data.purpose === "ranking" && data.to === phone,
      );
    await offered();
    const asks = stage.log
      .of("message.send")
      .filter(({ data }) => "text" in data && data.text.includes("Where do"));
    expect(asks).toHaveLength(1);
    await stage.happens(received(phone, "In Remera"));
    await stage.log.next(
      "ranking.forwarded",
      ({ data }) => data.contact === phone && data.intentId !== intentId,
    );
    const wishes = stage.standIn
      .done(/^\/rankings$/)
      .map(({ body }) => body.slots);
    expect(wishes).toEqual([
      { item: "brake pads" },
      { item: "brake pads", place: "Remera" },
    ]);
    // Money is held for one of them.
    const released = await until(
      () => {
        const paths = stage.standIn
          .done(/^\/wallet\/reservations\/.+\/release$/)
          .map(({ path }) => path);
        return paths.length > 0 ? paths : undefined;
      },
      { what: "the first hold is let go of" },
    );
    expect(released).toEqual([
      `/wallet/reservations/${encodeURIComponent(`reservation-${intentId}`)}/release`,
    ]);
  });

  test("someone finds a part, chooses an offer and gets its payment code, once", async () => {
    const phone = newPhone();
    const said = () =>
      stage.log
        .of("message.send")
        .flatMap(({ data }) =>
          data.to === phone && "text" in data ? [data.text] : [],
        );
    const saidInAll = (count: number) =>
      until(() => said().length >= count, { what: "what is said" });
    await stage.happens(received(phone, "I need brake pads in Remera"));
    await saidInAll(2);
    expect(said()).toEqual([
      expect.stringContaining("asking the sellers for brake pads in remera"),
      expect.stringContaining("Kimironko Moto Parts"),
    ]);
    await stage.happens(received(phone, "1"));
    await saidInAll(3);
    expect(said().at(-1)).toBe(
      "Kimironko Moto Parts has it for 12,000 RWF. Write “pay” and I send you the payment code.",
    );
    const pays = received(phone, "pay");
    await stage.happens(pays, pays);
    await saidInAll(4);
    expect(said().slice(3)).toEqual([
      "To pay 12,000 RWF, dial *182*8*1*012345*12000#",
    ]);
    expect(
      stage.log
        .of("payment.requested")
        .map(({ data }) => [data.contact, data.amount, data.ussd]),
    ).toEqual([[phone, 12_000, "*182*8*1*012345*12000#"]]);
    await stage.happens(received(phone, "send the code again"));
    await saidInAll(5);
    expect(said().at(-1)).toContain("*182*8*1*012345*12000#");
  });
});
