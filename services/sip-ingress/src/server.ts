import { busSettingsOf, createBus, createStore } from "@easymo/messaging";
import { watchRouting } from "@easymo/routing";
import { runService } from "@easymo/service-kit";
import { createSipIngress } from "./app.js";
import { readSipIngressConfig } from "./config.js";

await runService("sip-ingress", readSipIngressConfig, async (config, kit) =>
  createSipIngress(config, {
    ...kit,
    bus: createBus(busSettingsOf(config), kit),
    store: createStore(config.REDIS_URL, kit),
    routing: await watchRouting({ file: config.ROUTING_FILE, ...kit }),
  }),
);
