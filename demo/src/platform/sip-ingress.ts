import { type Bus, createStore } from "@easymo/messaging";
import { fixedRouting } from "@easymo/routing";
import type { ServiceApp } from "@easymo/service-kit";
import { createSipIngress, readSipIngressConfig } from "@easymo/sip-ingress";
import { kitFor, type PlatformOptions } from "./kit.js";

/** @param tokens each tenant's bearer token */
export function sipIngressApp(
  options: PlatformOptions,
  around: { readonly bus: Bus; readonly tokens: ReadonlyMap<string, string> },
): ServiceApp {
  const kit = kitFor("sip-ingress", options);
  const tokens = [...around.tokens].map((entry) => entry.join("="));
  const config = readSipIngressConfig({
    KAFKA_BROKERS: "memory:",
    REDIS_URL: "memory:",
    ROUTING_FILE: "routing.yaml",
    SIP_INGRESS_TOKENS: tokens.join(","),
  });
  return createSipIngress(config, {
    ...kit,
    bus: around.bus,
    store: createStore("memory:", kit),
    routing: fixedRouting(options.routing),
  });
}
