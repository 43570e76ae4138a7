import {
  secondsBuckets,
  type Counter,
  type Histogram,
  type Metrics,
} from "@easymo/service-kit";

/** The label of everything that came in by the webhook. */
export const SURFACE = "whatsapp";

/** The bot's own metrics, by what they count. */
export interface BotMetrics {
  requests: Counter;
  seconds: Histogram;
  idempotency: Counter;
  skipped: Counter;
  accountErrors: Counter;
  optOuts: Counter;
  sends: Counter;
  intents: Counter;
}

/** The bot's own metrics under the names that dashboards know. */
export function botMetrics(metrics: Metrics): BotMetrics {
  return {
    requests: metrics.counter(
      "easymo_ingest_requests_total",
      "Requests that brought something in, by how they were answered",
      ["surface", "outcome"],
    ),
    seconds: metrics.histogram(
      "easymo_ingest_seconds",
      "From the request's arrival to its answer",
      ["surface"],
      secondsBuckets,
    ),
    idempotency: metrics.counter(
      "easymo_idempotency_total",
      "What was found about the id of something that came in",
      ["surface", "outcome"],
    ),
    skipped: metrics.counter(
      "easymo_whatsapp_skipped_total",
      "Parts of webhooks that were not published, by reason",
      ["reason"],
    ),
    accountErrors: metrics.counter(
      "easymo_whatsapp_account_errors_total",
      "Errors of the WhatsApp account that Meta told, by Meta's code",
      ["code"],
    ),
    optOuts: metrics.counter(
      "easymo_opt_outs_total",
      "Opt-outs that reached the registry, by channel",
      ["channel"],
    ),
    sends: metrics.counter(
      "easymo_whatsapp_sends_total",
      "Messages to be sent, by what came of them",
      ["outcome"],
    ),
    intents: metrics.counter(
      "easymo_whatsapp_intents_total",
      "Intents that were captured, by who found them",
      ["by"],
    ),
  };
}
