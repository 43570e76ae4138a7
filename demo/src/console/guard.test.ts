import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "@jest/globals";
import { isOwnRequest } from "./guard.js";

function request(headers: Record<string, string>): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  Object.assign(message.headers, headers);
  return message;
}

test.each([
  ["by its address", { host: "127.0.0.1:4800" }],
  ["by name", { host: "localhost:4800" }],
  ["over IPv6", { host: "[::1]:4800" }],
  [
    "by its own page",
    { host: "127.0.0.1:4800", origin: "http://127.0.0.1:4800" },
  ],
])("the console answers when asked %s", (_how, headers) => {
  expect(isOwnRequest(request(headers))).toBe(true);
});

test.each([
  ["a name that leads to this machine", { host: "rebound.example:4800" }],
  ["a name that only begins alike", { host: "127.0.0.1.example:4800" }],
  ["no host at all", {}],
  [
    "another site's page",
    { host: "127.0.0.1:4800", origin: "https://elsewhere.example" },
  ],
  [
    "another program's page on this machine",
    { host: "127.0.0.1:4800", origin: "http://127.0.0.1:9999" },
  ],
])("the console does not answer %s", (_whom, headers) => {
  expect(isOwnRequest(request(headers))).toBe(false);
});
