export { createAgentCoreClient } from "./client.js";
export type {
  AgentCoreClient,
  AgentCoreClientOptions,
  CallContext,
  TenantAgentCore,
} from "./client.js";
export type { CircuitSettings } from "./breaker.js";
export { agentCoreSettings } from "./config.js";
export { AgentCoreError } from "./errors.js";
export type { ClientErrorCode, RefusedField } from "./errors.js";
export type { RetryPolicy } from "./retry.js";
export { dispositionCodes, optOutChannels } from "./shapes.js";
export type {
  Call,
  CollectedPayment,
  CollectPaymentBody,
  CreateCallBody,
  DispositionCode,
  Lead,
  LeadsPage,
  LogLeadBody,
  OptOut,
  OptOutChannel,
  OptOutStatus,
  PaymentMethod,
  PersonRef,
  RegisterOptOutBody,
  SetDispositionBody,
  TransferTarget,
  WarmTransferBody,
} from "./shapes.js";
export { mintTenantToken } from "./tokens.js";
export type { ReadOptions, ToolsApi, WriteOptions } from "./tools.js";
