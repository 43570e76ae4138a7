import { expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { kafkaBrokers, randomName } from "@easymo/testbed";

test("a process that uses Kafka prints no warning of Node's", async () => {
  const [broker = ""] = await kafkaBrokers();
  const script = fileURLToPath(
    new URL("../../../dist/bus/kafka/quiet-process.js", import.meta.url),
  );
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    script,
    broker,
    randomName(),
  ]);
  expect(stdout).toBe("published, received\n");
  expect(stderr).toBe("");
});
