import { describe, expect, test } from "@jest/globals";
import {
  callStart,
  callStop,
  event,
  intent,
  newPhone,
  OUR_NUMBER,
  received,
  TENANT,
} from "../testing/events.js";
import { joinConversations } from "./join.js";
import { identityOf, phoneOf } from "./identity.js";
import { newConversation } from "./state.js";

const isOurs = (_tenant: string, address: string): boolean =>
  address === OUR_NUMBER;

describe("who an event is about", () => {
  test("is the side of a call that is not ours, whichever way it went", () => {
    const phone = newPhone();
    expect(identityOf(callStop(phone, "CA1"), isOurs).keys).toEqual([
      `phone:${phone}`,
    ]);
    const outbound = callStop(OUR_NUMBER, "CA1");
    const { data } = outbound;
    expect(
      identityOf({ ...outbound, data: { ...data, to: phone } }, isOurs).keys,
    ).toEqual([`phone:${phone}`]);
    expect(identityOf(callStart(phone, "CA1"), isOurs).keys).toEqual([
      `phone:${phone}`,
      "call:CA1",
    ]);
  });

  test("is known by a number in a SIP address, or by the address, or by the call alone", () => {
    expect(phoneOf("<sip:+250788123456@carrier.example;user=phone>")).toBe(
      "+250788123456",
    );
    expect(phoneOf("tel:+250788123456")).toBe("+250788123456");
    expect(phoneOf("sip:alice@example.com")).toBeUndefined();
    const sip = (from: string | undefined) =>
      event("sip.ringing", {
        callId: "C1",
        tenantId: TENANT,
        to: OUR_NUMBER,
        at: "2026-01-01T00:00:00Z",
        timestamp: "2026-01-01T00:00:00Z",
        ...(from === undefined ? {} : { from }),
      });
    expect(identityOf(sip("sip:Alice@Example.com"), isOurs).keys).toEqual([
      "sip:sip:alice@example.com",
      "call:C1",
    ]);
    expect(
      identityOf(sip("sip:anonymous@anonymous.invalid"), isOurs).keys,
    ).toEqual(["call:C1"]);
    expect(identityOf(sip(undefined), isOurs).keys).toEqual(["call:C1"]);
  });

  test("is the number and the user id of a message, and of one's own contact card, not of another's", () => {
    const phone = newPhone();
    const userId = "RW.123";
    const keys = (more: Parameters<typeof received>[2]) =>
      identityOf(received(phone, "x", { userId, ...more }), isOurs).keys;
    expect(keys({})).toEqual([`phone:${phone}`, "user:RW.123"]);
    expect(keys({ phone: undefined })).toEqual(["user:RW.123"]);
    const card = (of: string) => ({
      phone: undefined,
      kind: "contacts" as const,
      contacts: [{ phones: [phone], userId: of }],
    });
    expect(keys(card(userId))).toEqual([`phone:${phone}`, "user:RW.123"]);
    expect(keys(card("RW.999"))).toEqual(["user:RW.123"]);
    expect(keys({ userId: phone })).toEqual([`phone:${phone}`]);
  });

  test("is the contact of an intent, whichever channel it was heard on", () => {
    const phone = newPhone();
    expect(identityOf(intent(phone), isOurs).keys).toEqual([`phone:${phone}`]);
    expect(
      identityOf(intent("RW.5", { userId: "RW.5", contact: "RW.5" }), isOurs)
        .keys,
    ).toEqual(["user:RW.5"]);
  });
});

describe("two conversations that turn out to be one person's", () => {
  const of = (key: string, at: string) =>
    newConversation(TENANT, { phone: key }, key, at);

  test("keep what the person refused, whichever way round they are joined", () => {
    const early = {
      ...of("+1", "2026-01-01T00:00:00Z"),
      optedOut: { at: "2026-01-01T00:00:00Z", channel: "voice" as const },
    };
    const late = of("+2", "2026-02-01T00:00:00Z");
    expect(joinConversations(early, late).optedOut).toEqual(early.optedOut);
    expect(joinConversations(late, early).optedOut).toEqual(early.optedOut);
    const backAgain = { ...late, optedInAt: "2026-02-01T00:00:00Z" };
    expect(joinConversations(early, backAgain).optedOut).toBeUndefined();
    expect(joinConversations(backAgain, early).optedOut).toBeUndefined();
  });

  test("have all the lines in order, all that is to be done, and the id of the one that is kept", () => {
    const line = (at: string) => ({
      role: "user" as const,
      text: at,
      channel: "voice",
      at,
    });
    const a = {
      ...of("+1", "2026-01-03T00:00:00Z"),
      turns: 2,
      lines: [line("2026-01-01T00:00:00Z"), line("2026-01-03T00:00:00Z")],
    };
    const b = {
      ...of("+2", "2026-01-02T00:00:00Z"),
      turns: 1,
      lines: [line("2026-01-02T00:00:00Z")],
    };
    const joined = joinConversations(a, b);
    expect(joined.lines.map(({ at }) => at.slice(8, 10))).toEqual([
      "01",
      "02",
      "03",
    ]);
    expect(joined).toMatchObject({
      id: a.id,
      turns: 3,
      names: { phone: "+1" },
    });
  });
});
