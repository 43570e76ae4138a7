export { createSipIngress, type SipIngressDeps } from "./app.js";
export { readSipIngressConfig, type SipIngressConfig } from "./config.js";
