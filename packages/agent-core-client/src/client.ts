import { Bag } from "@easymo/bag";
import type { Clock, Logger } from "@easymo/service-kit";
import { type BuyersApi, buyersApi } from "./buyers/api.js";
import {
  type Circuit,
  type CircuitSettings,
  createBreaker,
  defaultCircuit,
} from "./breaker.js";
import { AbortWatch } from "./abort-watch.js";
import { Connections } from "./connections.js";
import { clientError } from "./errors.js";
import { exchange } from "./exchange.js";
import { GiveUp } from "./give-up.js";
import { type RankingApi, rankingApi } from "./ranking/api.js";
import { defaultRetryPolicy, type RetryPolicy } from "./retry.js";
import { TenantTokens } from "./tokens.js";
import { toolsApi, type ToolsApi } from "./tools.js";
import { TenantTransport, type TransportDeps } from "./transport.js";
import { type WalletApi, walletApi } from "./wallet/api.js";

const defaultTimeoutMs = 2_000;
const totalTimeoutFactor = 3;

export interface AgentCoreClientOptions {
  /** `AGENT_CORE_URL`, or a sibling's; may carry a path. A client, and its circuit breaker, is for one address. */
  readonly baseUrl: string;
  readonly jwtSecret: string;
  /** For one attempt; 2,000 by default. */
  readonly timeoutMs?: number;
  /** For all attempts of one call together; three times `timeoutMs` by default. */
  readonly totalTimeoutMs?: number;
  readonly retry?: Partial<RetryPolicy>;
  readonly circuit?: Partial<CircuitSettings>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** From 0 to 1, for the jitter between attempts. */
  readonly random?: () => number;
}

/** What a request is part of, when it is not the request that the code runs in. */
export interface CallContext {
  readonly requestId?: string;
  readonly traceparent?: string;
}

/** agent-core, as one tenant sees it. */
export type TenantAgentCore = ToolsApi & RankingApi & BuyersApi & WalletApi;

export interface AgentCoreClient {
  /** Costs nothing; tokens and the circuit breaker are shared. */
  forTenant(tenantId: string, context?: CallContext): TenantAgentCore;
  /** For readiness: rejects when agent-core does not answer, or says that it is not ready. */
  check(): Promise<void>;
  /** Whether requests are let through to this address, for all tenants. */
  circuit(): Circuit;
  /** Gives up what is on its way; every later call rejects with the code `closed`. */
  close(): void;
}

/** The client of one agent-core, for any number of tenants. */
export function createAgentCoreClient(
  options: AgentCoreClientOptions,
): AgentCoreClient {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const settings = {
    timeoutMs,
    totalTimeoutMs: options.totalTimeoutMs ?? timeoutMs * totalTimeoutFactor,
    retry: { ...defaultRetryPolicy, ...options.retry },
  };
  const closing = new AbortController();
  const deps: TransportDeps = {
    clock: options.clock,
    logger: options.logger,
    connections: new Connections(options.baseUrl),
    breaker: createBreaker(
      { ...defaultCircuit, ...options.circuit },
      options.logger,
    ),
    tokens: new TenantTokens(options.jwtSecret, options.clock),
    random: options.random ?? Math.random,
    closed: closing.signal,
    signals: new AbortWatch(),
    underWay: new Bag(),
  };
  return {
    forTenant: (tenantId, context = {}) => {
      const transport = new TenantTransport(settings, deps, {
        tenantId,
        ...context,
      });
      return {
        ...toolsApi(transport),
        ...rankingApi(transport),
        ...buyersApi(transport),
        ...walletApi(transport),
      };
    },
    check: () => checkReady(settings, deps),
    circuit: () => deps.breaker.circuit(),
    close: () => {
      closing.abort();
      for (const giveUp of deps.underWay.values()) giveUp.now();
      deps.connections.close();
    },
  };
}

async function checkReady(
  settings: { timeoutMs: number },
  deps: TransportDeps,
): Promise<void> {
  if (deps.closed.aborted) throw clientError("closed");
  const giveUp = new GiveUp();
  const underWay = deps.underWay.add(giveUp);
  const answer = await exchange(
    {
      path: "/readyz",
      method: "GET",
      headers: { accept: "application/json" },
      timeoutMs: settings.timeoutMs,
      giveUp,
    },
    deps,
  ).finally(() => deps.underWay.remove(underWay));
  // A server of the user's own may have no such path: that it answers is enough.
  if (answer.status >= 500)
    throw clientError("unreachable", {
      status: answer.status,
      detail: `it says that it is not ready (HTTP status ${answer.status})`,
    });
}
