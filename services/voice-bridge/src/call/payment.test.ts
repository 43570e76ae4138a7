import { describe, expect, test } from "@jest/globals";
import { MAX_READINGS, type PaymentPrompt } from "../payment/payment-prompt.js";
import { paymentWording } from "../payment/wording.js";
import { DrivenCall } from "../testing/machine-fixture.js";

const USSD = "*182*8*1*012345*5000#";

function prompt(): PaymentPrompt {
  const details = {
    method: "momo_ussd",
    amount: 5_000,
    currency: "RWF",
    ussd: USSD,
  } as const;
  return {
    ...details,
    paymentId: "p1",
    region: "rw",
    url: undefined,
    language: "en",
    spoken: paymentWording({ ...details, instructions: "" }, "en"),
    attempts: 0,
  };
}

function paying(): { call: DrivenCall; spoken: string } {
  const call = DrivenCall.greeted();
  const item = call.begin("r1");
  call.model({
    type: "tool_called",
    responseId: "r1",
    callId: "t1",
    name: "collect_payment",
    arguments: "{}",
  });
  call.finish("r1", item, "");
  const payment = prompt();
  call.step({
    type: "tool_finished",
    callId: "t1",
    name: "collect_payment",
    outcome: { kind: "payment", output: "{}", prompt: payment },
  });
  return { call, spoken: payment.spoken };
}

describe("telling a caller how to pay", () => {
  test("is our wording, said exactly, and told to everybody", () => {
    const { call, spoken } = paying();
    expect(call.said).toEqual([spoken]);
    expect(call.published("call.payment_prompt")).toEqual([
      {
        paymentId: "p1",
        method: "momo_ussd",
        region: "rw",
        amount: 5_000,
        currency: "RWF",
        ussd: USSD,
        spoken,
        language: "en",
      },
    ]);
    expect(call.all("send_payment_by_whatsapp")).toEqual([
      {
        do: "send_payment_by_whatsapp",
        paymentId: "p1",
        text: `To pay 5,000 RWF, dial ${USSD}`,
      },
    ]);
  });

  test("is not said again when the transcript has each digit", () => {
    const { call, spoken } = paying();
    call.answer("r2", spoken, 4_000);
    call.hearAll();
    expect(call.said).toHaveLength(1);
  });

  test("is said again when a digit differs, and not for ever", () => {
    const { call, spoken } = paying();
    const wrong = spoken.replace("five, zero, zero, zero", "five, zero, zero");
    for (let i = 0; i < MAX_READINGS + 2; i++) {
      call.answer(`r${i + 2}`, wrong, 4_000);
      call.hearAll();
    }
    expect(call.said).toEqual(Array(MAX_READINGS).fill(spoken));
  });

  test("is not said again when the caller cut it off", () => {
    const { call } = paying();
    const item = call.begin("r2");
    call.speak(item, "r2", 4_000);
    call.model({ type: "speech_started", itemId: "u1" });
    call.finish("r2", item, "To pay 5,000", "cancelled");
    expect(call.said).toHaveLength(1);
  });

  test("is said again at once when the caller presses *", () => {
    const { call, spoken } = paying();
    const item = call.begin("r2");
    call.speak(item, "r2", 4_000);
    call.step({ type: "digit", digit: "*" });
    expect(call.all("clear_playback")).toHaveLength(1);
    expect(call.all("cancel_response")).toHaveLength(1);
    call.finish("r2", item, "To pay", "cancelled");
    expect(call.said).toEqual([spoken, spoken]);
  });

  test("is not told as a digit to opt out by, and * without a payment is only a key", () => {
    const call = DrivenCall.greeted();
    call.step({ type: "digit", digit: "*" });
    expect(call.done).toEqual(["call.dtmf", "add_turn"]);
  });
});
