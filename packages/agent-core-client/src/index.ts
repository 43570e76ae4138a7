export { createAgentCoreClient } from "./client.js";
export type {
  AgentCoreClient,
  AgentCoreClientOptions,
  CallContext,
  TenantAgentCore,
} from "./client.js";
export type { BuyersApi } from "./buyers/api.js";
export type {
  AddIntentBody,
  AddRankingBody,
  Buyer,
  BuyerContext,
  BuyerIntent,
  Conversation,
  Purchase,
  ReceivedRanking,
  RecordPurchaseBody,
  SaveConversationBody,
} from "./buyers/shapes.js";
export type { Circuit, CircuitSettings } from "./breaker.js";
export { agentCoreSettings } from "./config.js";
export { AgentCoreError } from "./errors.js";
export type { ClientErrorCode, RefusedField } from "./errors.js";
export type { JsonValue, PageQuery } from "./fields.js";
export type { RankingApi } from "./ranking/api.js";
export type {
  Candidate,
  RankBody,
  Ranking,
  Vendor,
  VendorBody,
  VendorItem,
  VendorsPage,
} from "./ranking/shapes.js";
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
  Handover,
  TransferTarget,
  WarmTransferBody,
} from "./shapes.js";
export { mintTenantToken } from "./tokens.js";
export type { ReadOptions, ToolsApi, WriteOptions } from "./tools.js";
export type { WalletApi } from "./wallet/api.js";
export { externalAccount } from "./wallet/shapes.js";
export type {
  Account,
  AccountEntry,
  AccountPage,
  CaptureBody,
  Reservation,
  ReserveBody,
  Transaction,
  TransferBody,
} from "./wallet/shapes.js";
