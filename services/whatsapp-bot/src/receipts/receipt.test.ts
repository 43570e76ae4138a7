import { expect, test } from "@jest/globals";
import { receiptFor, type Incoming, type Receipt } from "./receipt.js";

const usual: Incoming = {
  kind: "text",
  isGroup: false,
  isRepeat: false,
  isConsent: false,
  optedOut: false,
};

test.each<[string, Partial<Incoming>, Receipt]>([
  ["a question", {}, "read_and_typing"],
  ["a picture", { kind: "image" }, "read_and_typing"],
  ["a voice note", { kind: "audio" }, "read_and_typing"],
  ["its words, later", { kind: "audio", isRepeat: true }, "none"],
  ["a thumb up", { kind: "reaction" }, "read"],
  ["other words for an earlier message", { kind: "edit" }, "read"],
  ["a message that was taken back", { kind: "revoke" }, "read"],
  ["a kind that is not known", { kind: "unknown" }, "read"],
  ["stop", { isConsent: true }, "read"],
  ["stop, said again", { isConsent: true, optedOut: true }, "read"],
  ["what someone writes who opted out", { optedOut: true }, "none"],
  ["what is said in a group", { isGroup: true }, "none"],
  ["what Meta says itself", { kind: "system" }, "none"],
])("%s", (_what, changes, receipt) => {
  expect(receiptFor({ ...usual, ...changes })).toBe(receipt);
});
