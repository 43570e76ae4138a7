import { RoutingTable } from "@easymo/routing";
import { describe, expect, test } from "@jest/globals";
import { routeOf } from "./called-agent.js";
import { parseParty } from "./party.js";

const routing = RoutingTable.parse(`
agents: [{name: exact}, {name: number}, {name: trunk}, {name: other}]
channels:
  - {kind: sip, address: "sip:desk@kigali.example", tenant: t, agent: exact}
  - {kind: twilio, address: "+250780000001", tenant: t, agent: number}
  - {kind: sip, address: "sip:kigali.example", tenant: t, agent: trunk}
  - {kind: sip, address: "sip:kigali.example:5070", tenant: t, agent: other}
`);

function agentAt(to: string): string | undefined {
  return routeOf(parseParty(to, undefined), routing)?.agent.name;
}

describe("who is called over SIP", () => {
  test.each([
    ["its own address", "sip:desk@kigali.example", "exact"],
    ["it on another port", "sip:desk@kigali.example:5060", "exact"],
    ["it where the port has a trunk", "sip:desk@kigali.example:5070", "exact"],
    ["it over TLS", "sips:desk@kigali.example;transport=tls", "exact"],
    [
      "a number of ours on the trunk",
      "sip:+250780000001@kigali.example",
      "number",
    ],
    ["anybody else on the trunk", "sip:+250780000002@kigali.example", "trunk"],
    ["anybody over TLS", "<sips:anybody@Kigali.example:5061>", "trunk"],
    [
      "anybody at a port of its own",
      "sip:anybody@kigali.example:5070",
      "other",
    ],
    ["nobody's host", "sip:desk@musanze.example", undefined],
  ])("%s", (_what, to, agent) => {
    expect(agentAt(to)).toBe(agent);
  });
});
