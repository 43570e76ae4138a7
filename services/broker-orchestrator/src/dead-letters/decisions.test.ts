import type { ReceivedRecord } from "@easymo/messaging";
import { describe, expect, test } from "@jest/globals";
import { parseCommand, UsageError } from "./arguments.js";
import { deadLetterOf, isMeant, reasonOf } from "./dead-letter.js";
import { letterTable, openedJson, openedText } from "./output.js";
import { replayOf } from "./replay.js";

const NOW = Date.parse("2026-01-31T12:00:00Z");

function record(changes: Partial<ReceivedRecord> = {}): ReceivedRecord {
  return {
    topic: "broker.dlq",
    partition: 1,
    offset: "42",
    timestampMs: NOW - 60_000,
    key: "kigali-parts:+250788123456",
    value: Buffer.from('{"text":"my words","phone":"+250788123456"}'),
    ...changes,
    headers: {
      ce_id: "id-1",
      ce_type: "message.received",
      ce_time: "2026-01-31T11:58:00Z",
      ce_tenantid: "kigali-parts",
      "content-type": "application/json",
      "x-origin-topic": "whatsapp.inbound",
      "x-group": "broker-orchestrator",
      "x-attempt": "5",
      "x-not-before": "2026-01-31T11:59:00Z",
      "x-error": "AgentCoreError: timeout: +250788123456 had to wait",
      ...changes.headers,
    },
  };
}

test.each([
  [
    "MalformedRecordError: Malformed record (unknown_type): ce_type",
    "unknown_type",
  ],
  ["AgentCoreError: timeout: agent-core did not answer", "timeout"],
  ["TypeError: x is not a function", "TypeError"],
  ["", "unknown"],
])("the reason of %j is %s", (error, reason) => {
  expect(reasonOf(error)).toBe(reason);
});

describe("a dead letter", () => {
  const letter = deadLetterOf(record());

  test.each([
    [{}, true],
    [{ ids: ["1-42"] }, true],
    [{ ids: ["1-43"] }, false],
    [{ ids: ["1-43", "id-1"] }, true],
    [{ topic: "whatsapp.inbound", type: "message.received" }, true],
    [{ topic: "voice.sip.events" }, false],
    [{ tenant: "huye-foods" }, false],
    [{ group: "whatsapp-bot.leads" }, false],
    [{ reason: "TIMEOUT" }, true],
    [{ reason: "had to wait" }, true],
    [{ reason: "unreachable" }, false],
    [{ sinceMs: NOW - 60_000 }, true],
    [{ sinceMs: NOW }, false],
  ])("is meant by %j: %s", (filter, meant) => {
    expect(isMeant(letter, filter)).toBe(meant);
  });

  test("is shown without what is a person's own, unless that is asked for", () => {
    const opened = { letter, value: record().value };
    const masked = [
      letterTable([letter]),
      openedText(opened, false),
      JSON.stringify(openedJson(opened, false)),
    ].join("\n");
    expect(masked).toContain("kigali-parts:+2507*****56");
    expect(masked).not.toContain("250788123456");
    expect(masked).not.toContain("my words");
    const revealed = openedText(opened, true);
    expect(revealed).toContain("kigali-parts:+250788123456");
    expect(revealed).toContain("my words");
  });

  test("that is no JSON is shown to nobody by accident, and steers no terminal", () => {
    const broken = record({
      value: Buffer.from("call +250788123456"),
      headers: { ce_type: "\u001b[2Jevil" },
    });
    const opened = { letter: deadLetterOf(broken), value: broken.value };
    expect(openedJson(opened, false).value).toBe("18 bytes that are not JSON");
    expect(openedJson(opened, true).value).toBe("call +250788123456");
    expect(letterTable([opened.letter])).not.toContain("\u001b");
  });

  test("goes back to where it was, as it was", () => {
    const { value } = record();
    expect(replayOf(letter, value, NOW)).toEqual({
      record: {
        topic: "whatsapp.inbound",
        key: "kigali-parts:+250788123456",
        value,
        headers: {
          ce_id: "id-1",
          ce_type: "message.received",
          ce_time: "2026-01-31T11:58:00Z",
          ce_tenantid: "kigali-parts",
          "content-type": "application/json",
        },
      },
    });
  });

  test("of long ago goes to the group that failed alone", () => {
    const weekLater = NOW + 7 * 24 * 3_600_000;
    expect(replayOf(letter, record().value, weekLater)).toMatchObject({
      record: {
        topic: "broker.retry",
        headers: {
          ce_id: "id-1",
          "x-origin-topic": "whatsapp.inbound",
          "x-group": "broker-orchestrator",
          "x-attempt": "1",
          "x-not-before": new Date(weekLater).toISOString(),
        },
      },
    });
  });

  test.each([
    [{ "x-origin-topic": "broker.retry" }, "no_origin"],
    [{ "x-value-bytes": "2000000" }, "value_shortened"],
  ])("with %j stays where it is", (headers, obstacle) => {
    const stuck = deadLetterOf(record({ headers }));
    expect(replayOf(stuck, Buffer.from(""), NOW)).toEqual({ obstacle });
  });
});

describe("the command line", () => {
  test.each([
    [["--help"], { name: "help" }],
    [["list"], { name: "list", filter: {}, limit: 50, json: false }],
    [
      ["list", "--since", "2h", "--tenant", "t", "--limit", "5", "--json"],
      {
        name: "list",
        filter: { tenant: "t", sinceMs: NOW - 7_200_000 },
        limit: 5,
        json: true,
      },
    ],
    [
      ["--", "show", "0-1", "--reveal"],
      { name: "show", id: "0-1", reveal: true, json: false },
    ],
    [
      ["replay", "0-1", "2-3"],
      { name: "replay", filter: { ids: ["0-1", "2-3"] }, json: false },
    ],
    [
      ["show", "6fb77393-7868-4fcc-b3b6-147fb8ff2959"],
      {
        name: "show",
        id: "6fb77393-7868-4fcc-b3b6-147fb8ff2959",
        reveal: false,
        json: false,
      },
    ],
    [
      ["drop", "--all", "--reason", "unknown_type"],
      { name: "drop", filter: { reason: "unknown_type" }, json: false },
    ],
  ])("%j", (argv, command) => {
    expect(parseCommand(argv, NOW)).toEqual(command);
  });

  test.each([
    [[]],
    [["dance"]],
    [["show"]],
    [["show", "one"]],
    [["replay"]],
    [["replay", "0-1", "--all"]],
    [["drop"]],
    [["list", "0-1"]],
    [["list", "--since", "yesterday"]],
    [["list", "--limit", "0"]],
    [["list", "--colour"]],
  ])("%j makes no sense", (argv) => {
    expect(() => parseCommand(argv, NOW)).toThrow(UsageError);
  });
});
