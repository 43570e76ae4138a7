export { ChannelTraffic } from "./channel-traffic.js";
export { AgentTokens, type AgentTokensDeps } from "./agent-tokens.js";
export { checkDocument, type Checked } from "./check.js";
export { routingSettings } from "./config.js";
export { channelKinds, toolNames } from "./document.js";
export type {
  Agent,
  AgentLimits,
  Channel,
  ChannelKind,
  RoutingDocument,
  ToolName,
  TurnDetection,
} from "./document.js";
export { defaultInstructions, keepToTask } from "./instructions.js";
export { fillTemplateText, type TemplateValues } from "./template-text.js";
export { RoutingError } from "./errors.js";
export type { RoutingProblem } from "./errors.js";
export { fixedRouting } from "./source.js";
export type { RoutingSource } from "./source.js";
export { RoutingTable } from "./table.js";
export type { Route } from "./table.js";
export { watchRouting } from "./watch.js";
export type { WatchRoutingOptions } from "./watch.js";
