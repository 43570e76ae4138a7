import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { promisify } from "node:util";
import { freePorts, until } from "@easymo/testbed";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { TOKEN } from "../testing/running-ingress.js";
import {
  ask,
  freeUdpPorts,
  refusal,
  RunningKamailio,
} from "../testing/running-kamailio.js";

/** infrastructure/kamailio: who may call, and to where. */

let hopPort: number;
let proxy: RunningKamailio;
const env = (): Record<string, string> => ({
  NEXT_HOP: `sip:127.0.0.1:${hopPort}`,
  // Nobody is there.
  SIP_INGRESS_URL: "http://127.0.0.1:1",
  SIP_INGRESS_TOKEN: TOKEN,
});

beforeAll(async () => {
  [hopPort = 0] = await freeUdpPorts(1);
  proxy = await RunningKamailio.start(env());
});

afterAll(() => proxy.stop());

describe("nobody is relayed to anywhere else", () => {
  test("a request of no call that is known is answered with 481, and goes nowhere", async () => {
    const elsewhere = createSocket("udp4");
    const arrived: string[] = [];
    elsewhere.on("message", (message) => arrived.push(message.toString()));
    await new Promise<void>((done) => elsewhere.bind(0, "127.0.0.1", done));
    const target = `127.0.0.1:${elsewhere.address().port}`;
    try {
      for (const method of ["BYE", "INFO", "INVITE", "MESSAGE"]) {
        const said = await ask(proxy.port, method, {
          uri: `sip:victim@${target}`,
          toTag: "made-up",
          headers: [
            `Route: <sip:127.0.0.1:${proxy.port};lr>`,
            `Route: <sip:${target};lr>`,
          ],
        });
        expect(said).toMatch(/^SIP\/2\.0 481 /);
      }
      expect(
        await ask(proxy.port, "INVITE", {
          uri: `sip:victim@${target}`,
          headers: [
            `Route: <sip:127.0.0.1:${proxy.port};lr>`,
            `Route: <sip:${target};lr>`,
          ],
        }),
      ).toMatch(/^SIP\/2\.0 403 /);
      for (const method of ["REGISTER", "MESSAGE", "SUBSCRIBE"])
        expect(
          await ask(proxy.port, method, { uri: `sip:victim@${target}` }),
        ).toMatch(/^SIP\/2\.0 405 /);
      expect(arrived).toEqual([]);
    } finally {
      elsewhere.close();
    }
  });

  test("a new call goes to the next hop, whatever address it names", async () => {
    const hop = createSocket("udp4");
    const asked = new Promise<string>((resolve) =>
      hop.once("message", (message, { port }) => {
        const text = message.toString();
        resolve(text);
        // As a next hop that refuses, so that the caller is answered.
        const headers =
          text.match(/^(?:Via|From|To|Call-ID|CSeq):.*$/gim) ?? [];
        hop.send(
          ["SIP/2.0 404 Not Found", ...headers, "Content-Length: 0", "", ""]
            .join("\r\n")
            .replace(/^To:.*$/m, "$&;tag=hop"),
          port,
          "127.0.0.1",
        );
      }),
    );
    await new Promise<void>((done) => hop.bind(hopPort, "127.0.0.1", done));
    try {
      const uri = "sip:victim@192.0.2.1:5060";
      expect(await ask(proxy.port, "INVITE", { uri })).toMatch(
        /^SIP\/2\.0 404 /,
      );
      expect(await asked).toMatch(/^INVITE sip:victim@192\.0\.2\.1:5060 /);
    } finally {
      hop.close();
    }
  });
});

test("who is not among the sources calls nobody; who asks too often is not answered", async () => {
  const strict = await RunningKamailio.start({
    ...env(),
    SIP_SOURCES: "192.0.2.0/24,198.51.100.7",
    PIKE: "on",
  });
  try {
    expect(await ask(strict.port, "INVITE")).toMatch(/^SIP\/2\.0 403 /);
    await until(async () => (await ask(strict.port, "OPTIONS")) === undefined);
    expect(strict.output).toContain("too many requests from 127.0.0.1");
  } finally {
    await strict.stop();
  }
});

describe("a next hop over TLS", () => {
  const certificateIn = async (folder: string, name: string) => {
    const cert = join(folder, `${name}.pem`);
    const key = join(folder, `${name}.key`);
    await promisify(execFile)("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt"],
      ...["ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj"],
      ...["/CN=localhost", "-keyout", key, "-out", cert],
    ]);
    return { cert, key };
  };

  test("is called when its certificate is trusted, and not otherwise", async () => {
    const folder = await mkdtemp(join(tmpdir(), "easymo-sip-tls-"));
    const { cert, key } = await certificateIn(folder, "hop");
    const another = await certificateIn(folder, "another");
    const arrived: string[] = [];
    const hop = createServer(
      { cert: await readFile(cert), key: await readFile(key) },
      (socket) => {
        socket.on("error", () => undefined);
        socket.setEncoding("utf8");
        socket.on("data", (text: string) => arrived.push(text));
      },
    );
    await new Promise<void>((done) => hop.listen(0, "127.0.0.1", done));
    const [onePort = 0, otherPort = 0] = await freePorts(2);
    const address = z.object({ port: z.number() }).parse(hop.address());
    const calling = async (port: number, trusted: Record<string, string>) => {
      const proxy = await RunningKamailio.start(
        {
          ...{ ...env(), TLS_CERTIFICATE_FILE: cert, TLS_KEY_FILE: key },
          NEXT_HOP: `sip:127.0.0.1:${address.port};transport=tls`,
          ...{ RING_SECONDS: "1", ...trusted },
        },
        `tls:127.0.0.1:${port}`,
      );
      try {
        return await ask(proxy.port, "INVITE", { patienceMs: 30_000 });
      } finally {
        await proxy.stop();
      }
    };
    try {
      const [refused] = await Promise.all([
        calling(onePort, { TLS_CA_FILE: another.cert }),
        calling(otherPort, { TLS_CA_FILE: cert }),
      ]);
      expect(refused).toMatch(/^SIP\/2\.0 [45]/);
      expect(arrived).toHaveLength(1);
      expect(arrived.join("")).toMatch(/^INVITE [^]*Via: SIP\/2\.0\/TLS/);
    } finally {
      hop.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

test.each([
  [{}, /^NEXT_HOP: expected a SIP URI/],
  [{ NEXT_HOP: "sip:pbx.example" }, /^SIP_INGRESS_URL: expected a URL/],
  [
    { NEXT_HOP: "sip:pbx.example", SIP_INGRESS_URL: "http://sip-ingress:4200" },
    /^SIP_INGRESS_TOKEN: expected the tenant's token/,
  ],
  [
    {
      ...{ NEXT_HOP: "sip:pbx.example", SIP_INGRESS_TOKEN: TOKEN },
      ...{ SIP_INGRESS_URL: "http://sip-ingress:4200", RING_SECONDS: "soon" },
    },
    /^RING_SECONDS: expected a whole number/,
  ],
  [
    {
      ...{
        NEXT_HOP: "sip:pbx.example;transport=tls",
        SIP_INGRESS_TOKEN: TOKEN,
      },
      SIP_INGRESS_URL: "http://sip-ingress:4200",
      ...{ SIP_LISTEN: "udp:127.0.0.1:5060", OUTBOX_FILE: join(tmpdir(), "x") },
    },
    /^SIP_LISTEN: NEXT_HOP is reached over TLS/,
  ],
])("does not start with %p, and says why", async (variables, problem) => {
  const { code, output } = await refusal(variables);
  expect(code).toBe(78);
  expect(output).toMatch(problem);
  expect(output).not.toContain(TOKEN);
});
