import { randomName } from "@easymo/testbed";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { RawPhone } from "../testing/raw-phone.js";
import { TOKEN } from "../testing/running-ingress.js";
import { RunningKamailio } from "../testing/running-kamailio.js";

/** infrastructure/kamailio: where requests within a call may come from and go to. */

let caller: RawPhone;
let hop: RawPhone;
/** On this machine, and no part of the call. */
let stranger: RawPhone;

beforeAll(async () => {
  caller = await RawPhone.open();
  hop = await RawPhone.open();
  stranger = await RawPhone.open("127.0.0.2");
});

afterAll(() => {
  for (const phone of [caller, hop, stranger]) phone.close();
});

/** A call that was answered, through a proxy of its own. */
async function answeredCall(env: Record<string, string>) {
  const proxy = await RunningKamailio.start({
    NEXT_HOP: `sip:${hop.address}`,
    // Nobody is there.
    SIP_INGRESS_URL: "http://127.0.0.1:1",
    SIP_INGRESS_TOKEN: TOKEN,
    ...env,
  });
  const callId = randomName("call");
  const from = `<sip:caller@${caller.address}>;tag=${randomName()}`;
  const to = "<sip:desk@kigali.example>";
  const asking = caller.ask("INVITE", proxy.port, {
    ...{ uri: "sip:desk@kigali.example", from, to, callId, cseq: 1 },
  });
  hop.heard.length = 0;
  const invite = await hop.hears("INVITE");
  hop.answer(invite, "200 OK", "callee");
  expect(await asking).toMatch(/^SIP\/2\.0 200 /);
  const route = /^Record-Route: (.*)$/im.exec(invite.text)?.[1] ?? "";
  for (const phone of [caller, hop, stranger]) phone.heard.length = 0;
  return { proxy, callId, from, to: `${to};tag=callee`, route };
}

test("what the caller sends goes to the next hop, whatever route and address it names", async () => {
  const { proxy, callId, from, to, route } = await answeredCall({});
  try {
    const asking = caller.ask("INFO", proxy.port, {
      ...{ uri: `sip:victim@${stranger.address}`, from, to, callId, cseq: 2 },
      more: [`Route: ${route}`, `Route: <sip:${stranger.address};lr>`],
    });
    hop.answer(await hop.hears("INFO"), "200 OK");
    expect(await asking).toMatch(/^SIP\/2\.0 200 /);
    expect(stranger.heard).toEqual([]);
  } finally {
    await proxy.stop();
  }
});

test("what the callee sends comes from the next hop, or from who speaks for it", async () => {
  const within = { uri: `sip:${caller.address}`, cseq: 1 };
  const strict = await answeredCall({});
  const { from, to, callId } = strict;
  const turned = { from: to, to: from, callId };
  try {
    const more = [`Route: ${strict.route}`];
    expect(
      await stranger.ask("BYE", strict.proxy.port, {
        ...{ ...within, ...turned, more },
      }),
    ).toMatch(/^SIP\/2\.0 403 /);
    expect(strict.proxy.output).toContain("NEXT_HOP_SOURCES may lack it");
    expect(caller.heard).toEqual([]);
    const asking = hop.ask("BYE", strict.proxy.port, {
      ...{ ...within, ...turned, cseq: 2, more },
    });
    caller.answer(await caller.hears("BYE"), "200 OK");
    expect(await asking).toMatch(/^SIP\/2\.0 200 /);
  } finally {
    await strict.proxy.stop();
  }
  const open = await answeredCall({ NEXT_HOP_SOURCES: "127.0.0.2/32" });
  try {
    const asking = stranger.ask("BYE", open.proxy.port, {
      ...{ ...within, from: open.to, to: open.from, callId: open.callId },
      more: [`Route: ${open.route}`],
    });
    caller.answer(await caller.hears("BYE"), "200 OK");
    expect(await asking).toMatch(/^SIP\/2\.0 200 /);
  } finally {
    await open.proxy.stop();
  }
});
