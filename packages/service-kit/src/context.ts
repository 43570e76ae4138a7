import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";

/** What is known of the request, or the event, that the running code works for. */
export interface RequestContext {
  readonly requestId: string;
  readonly tenantId?: string;
  /** W3C trace context of the span that is running, or of the caller's. */
  readonly traceparent?: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const storage = new AsyncLocalStorage<Mutable<RequestContext>>();

/** The context of the running code, or undefined outside of any request. */
export function requestContext(): RequestContext | undefined {
  return storage.getStore();
}

/**
 * Runs `fn`, and everything asynchronous that it starts, for the given request:
 * its log lines carry `requestId` and `tenantId`. Consumers of events use it to
 * go on with the request that caused the event.
 */
export function withRequestContext<T>(context: RequestContext, fn: () => T): T {
  return storage.run({ ...context }, fn);
}

/** Runs what it is given with the context that there was when it was made: for callbacks that are called from elsewhere. */
export function keepContext(): (fn: () => void) => void {
  const context = storage.getStore();
  return context === undefined
    ? (fn) => fn()
    : (fn) => storage.run(context, fn);
}

const SANE_REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The request id that somebody outside gave when it is sane, else a new one. */
export function saneRequestId(given: unknown): string {
  return typeof given === "string" && SANE_REQUEST_ID.test(given)
    ? given
    : randomUUID();
}

/** Says whose request this is; every later log line of it carries the tenant. */
export function setTenant(tenantId: string): void {
  const context = storage.getStore();
  if (context !== undefined) {
    context.tenantId = tenantId;
  }
}

/** The W3C `traceparent` to put on events and outgoing requests, if there is one. */
export function currentTraceparent(): string | undefined {
  return storage.getStore()?.traceparent;
}
