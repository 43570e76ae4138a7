import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { setTenant, withRequestContext } from "./context.js";
import { CapturedLog } from "./fixtures/test-service.js";
import { createLogger } from "./logger.js";

function capture() {
  const log = new CapturedLog();
  const logger = createLogger({
    name: "voice-bridge",
    level: "debug",
    destination: log,
  });
  return { logger, lines: log.lines };
}

describe("a log line", () => {
  test("is JSON with level, time, service and message", () => {
    const { logger, lines } = capture();
    logger.info({ topic: "t" }, "handled");
    logger.trace("not at this level");
    expect(lines).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        name: "voice-bridge",
        topic: "t",
        msg: "handled",
      },
    ]);
  });

  test("carries the request and, once it is known, the tenant", async () => {
    const { logger, lines } = capture();
    logger.info("outside");
    await withRequestContext({ requestId: "r-1" }, async () => {
      logger.info("before");
      setTenant("kigali-parts");
      await Promise.resolve();
      logger.info("after");
      logger.child({ part: "x" }).warn("child");
    });
    expect(
      lines.map(({ requestId, tenantId }) => [requestId, tenantId]),
    ).toEqual([
      [undefined, undefined],
      ["r-1", undefined],
      ["r-1", "kigali-parts"],
      ["r-1", "kigali-parts"],
    ]);
  });

  test("of two requests at once never carries the other's", async () => {
    const { logger, lines } = capture();
    await Promise.all(
      ["a", "b", "c"].map((id) =>
        withRequestContext({ requestId: id }, async () => {
          setTenant(`tenant-${id}`);
          for (let turn = 0; turn < 5; turn++) {
            await Promise.resolve();
            logger.info({ id }, "turn");
          }
        }),
      ),
    );
    expect(lines).toHaveLength(15);
    for (const { id, requestId, tenantId } of lines) {
      expect([requestId, tenantId]).toEqual([id, `tenant-${String(id)}`]);
    }
  });
});

describe("whatever a line is made from", () => {
  const phone = fc
    .stringMatching(/^[1-9][0-9]{9,13}$/)
    .map((digits) => `+${digits}`);

  test("no telephone number is in it", () => {
    fc.assert(
      fc.property(phone, (number) => {
        const { logger, lines } = capture();
        const error = new Error(`no route for ${number}`, {
          cause: new TypeError(`inner ${number}`),
        });
        logger.info(number);
        logger.info("calling %s and %o", number, { to: number });
        logger.info({ to: number, deep: [{ er: { contact: number } }] }, "x");
        logger.error(error);
        logger.error({ err: error, nested: { err: error } }, "failed");
        logger.child({ to: number }).info("child");
        logger.child({}, { msgPrefix: `[${number}] ` }).info("prefixed");
        logger.setBindings({ later: number });
        logger.info("after");
        logger.info({ [number]: true }, "key");
        logger.info({ toJSON: () => ({ to: number }) }, "serialised");
        withRequestContext({ requestId: "r", tenantId: number }, () =>
          logger.info("in context"),
        );
        expect(lines).toHaveLength(11);
        expect(JSON.stringify(lines)).not.toContain(number.slice(1));
      }),
    );
  });

  test("no text, name or secret is in it", () => {
    const { logger, lines } = capture();
    logger.info({ name: "canary", event: { data: { text: "canary" } } }, "x");
    logger.child({ token: "canary", name: "canary" }).info("y");
    const error = Object.assign(new Error("refused"), { body: "canary" });
    logger.error({ err: error }, "z");
    expect(JSON.stringify(lines)).not.toContain("canary");
    expect(lines.map(({ name }) => name)).toEqual([
      "voice-bridge",
      "voice-bridge",
      "voice-bridge",
    ]);
  });

  test("the line is written, also when the data cannot be JSON", () => {
    const { logger, lines } = capture();
    const circular: Record<string, unknown> = { n: 10n, f: () => 1 };
    circular.self = circular;
    logger.info(circular, "circular");
    expect(lines).toMatchObject([{ msg: "circular" }]);
  });
});
