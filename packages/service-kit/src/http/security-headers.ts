import type { IncomingMessage, ServerResponse } from "node:http";
import helmet from "helmet";

/**
 * Of helmet, what answers to programs need: they are data, and a browser that is
 * made to open one runs nothing of it, embeds it nowhere and keeps to TLS. What
 * else helmet has is about pages
 * (OWASP, REST Security Cheat Sheet, "Security Headers").
 */
export function securityHeaders(): (
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { "default-src": ["'none'"], "frame-ancestors": ["'none'"] },
    },
    crossOriginResourcePolicy: false,
    xFrameOptions: { action: "deny" },
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    referrerPolicy: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
}
