import { describe, expect, test } from "@jest/globals";
import { readOutgoing } from "./outgoing.js";

const about = { messaging_product: "whatsapp", to: "+250788000001" };

describe("what a business sends", () => {
  test("goes to a number, or to a user id", () => {
    const text = { type: "text", text: { body: "Muraho" } };
    expect(readOutgoing({ ...about, ...text })).toMatchObject({
      ask: "send",
      to: "+250788000001",
      isUserId: false,
      content: { kind: "text", text: "Muraho" },
    });
    const recipient = { messaging_product: "whatsapp", recipient: "RW.1" };
    expect(readOutgoing({ ...recipient, ...text })).toMatchObject({
      to: "RW.1",
      isUserId: true,
    });
  });

  test("may be a template with its parameters", () => {
    const template = {
      name: "this_weeks_offer",
      language: { code: "en_US" },
      components: [
        {
          type: "body",
          parameters: [
            { type: "text", text: "chains" },
            { type: "text", text: "9,000 RWF" },
          ],
        },
      ],
    };
    expect(
      readOutgoing({ ...about, type: "template", template }),
    ).toMatchObject({
      isTemplate: true,
      isMarketing: true,
      content: {
        text: "This week chains cost only 9,000 RWF at the spare parts desk.",
        choices: [{ title: "I want one" }, { title: "Stop promotions" }],
      },
    });
  });

  test("may be that a message was read, and that an answer is on its way", () => {
    expect(
      readOutgoing({
        messaging_product: "whatsapp",
        status: "read",
        message_id: "wamid.1",
        typing_indicator: { type: "text" },
      }),
    ).toEqual({ ask: "read", messageId: "wamid.1", isTyping: true });
  });

  const offer = { name: "this_weeks_offer", language: { code: "en_US" } };
  test.each<[string, object, number]>([
    ["without a recipient", { to: undefined, type: "text" }, 100],
    ["of no kind that there is", { type: "telegram" }, 100],
    [
      "longer than WhatsApp's text",
      { type: "text", text: { body: "x".repeat(4_097) } },
      100,
    ],
    [
      "in a template that nobody approved",
      {
        type: "template",
        template: { name: "hello", language: { code: "en" } },
      },
      132_001,
    ],
    [
      "in a template without its parameters",
      { type: "template", template: offer },
      132_000,
    ],
    [
      "as a picture that is nowhere",
      { type: "image", image: { caption: "x" } },
      100,
    ],
    [
      "with four buttons",
      {
        type: "interactive",
        interactive: {
          type: "button",
          body: { text: "?" },
          action: {
            buttons: ["a", "b", "c", "d"].map((id) => ({
              type: "reply",
              reply: { id, title: id },
            })),
          },
        },
      },
      100,
    ],
  ])("is refused %s, with Meta's code", (_what, changes, code) => {
    expect(() => readOutgoing({ ...about, ...changes })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
