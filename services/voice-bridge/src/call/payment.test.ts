import { describe, expect, test } from "@jest/globals";
import { MAX_READINGS, type PaymentPrompt } from "../payment/payment-prompt.js";
import { paymentWording } from "../payment/wording.js";
import { DrivenCall } from "../testing/machine-fixture.js";
import { callProgress, progressOf } from "./call-progress.js";

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
    told: false,
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

describe("a call that goes on here, from what it had come to elsewhere", () => {
  /** As another replica has it that reads what the first one wrote. */
  function goneOnWith(call: DrivenCall): DrivenCall {
    const json: unknown = JSON.parse(JSON.stringify(progressOf(call.state)));
    const next = new DrivenCall({
      channel: "sip",
      underWayMs: 60_000,
      soFar: callProgress.parse(json),
    });
    next.step({ type: "media_started", streamId: "rtc_1" });
    next.step({ type: "model_ready" });
    return next;
  }

  test("reads the code that was not read to its end, and again with *", () => {
    const { call, spoken } = paying();
    const next = goneOnWith(call);
    expect(next.said).toEqual([spoken]);
    next.answer("r1", spoken, 4_000);
    next.hearAll();
    next.step({ type: "digit", digit: "*" });
    expect(next.said).toEqual([spoken, spoken]);
  });

  test("does not read a code again that was read", () => {
    const { call, spoken } = paying();
    call.answer("r2", spoken, 4_000);
    call.hearAll();
    const next = goneOnWith(call);
    expect(next.said).toEqual([]);
    expect(next.all("create_response")).toHaveLength(1);
  });

  test("counts its tokens and turns on", () => {
    const call = DrivenCall.greeted();
    call.callerSays("Muraho");
    call.answer("r1", "Yes?", 500);
    const next = goneOnWith(call);
    next.callerSays("Brake pads");
    next.answer("r2", "Which?", 500);
    next.step({
      type: "end",
      reason: "api_hangup",
      outcome: { kind: "hang_up" },
    });
    expect(next.state.turns).toBe(2);
    expect(next.published("call.stop")).toEqual([
      expect.objectContaining({
        usage: { output_audio: 30 },
        latency: expect.objectContaining({ turns: 2 }),
      }),
    ]);
  });

  test("ends for a caller who wanted no more calls, all that follows being done", () => {
    const call = DrivenCall.greeted();
    call.callerSays("Ntuzongere kumpamagara");
    expect(call.state.optOut).toBeDefined();
    const next = goneOnWith(call);
    expect(next.published("call.opt_out")).toEqual(
      call.published("call.opt_out"),
    );
    expect(next.all("register_opt_out")).toEqual(call.all("register_opt_out"));
    expect(next.said).toEqual(call.said);
    next.answer("r1", next.said[0] ?? "", 500);
    next.hearAll();
    expect(next.all("close_leg")).toMatchObject([{ reason: "opt_out" }]);
  });
});
