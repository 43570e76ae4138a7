import { validated } from "@easymo/service-kit";
import { z } from "zod";
import { metaError } from "./errors.js";
import { elements, id } from "./fields.js";
import type { ParsedWebhook, SkipReason, WebhookItem } from "./items.js";
import {
  messageItem,
  preferenceItem,
  statusItem,
  userIdUpdateItem,
} from "./make-items.js";
import {
  contact,
  message,
  preference,
  status,
  userIdUpdate,
} from "./shapes.js";

/** The outermost shape, on which everything of Meta's agrees. */
const envelope = z.object({
  object: z.string().min(1).max(128),
  entry: z.array(z.object({ changes: z.array(z.unknown()) })),
});

const change = z.object({
  field: z.string().min(1).max(128),
  value: z.record(z.string(), z.unknown()),
});

const metadata = z.object({ metadata: z.object({ phone_number_id: id }) });

/** The fields of changes that are taken. */
const takenFields: ReadonlySet<string> = new Set([
  "messages",
  "user_preferences",
  "user_id_update",
]);

/**
 * A webhook of Meta's as what it means. Whatever it has that is not understood is counted, never a reason to refuse the
 * rest: Meta would send all of it again for a week. Pure.
 *
 * @throws {Problem} 400 `invalid_request` when it is no webhook of Meta's at all
 */
export function parseWebhook(json: unknown, nowMs: number): ParsedWebhook {
  const { object, entry } = validated(envelope, json, "body");
  if (object !== "whatsapp_business_account")
    return { items: [], skipped: ["other_object"] };
  const items: WebhookItem[] = [];
  const skipped: SkipReason[] = [];
  for (const { changes } of entry)
    for (const one of changes) {
      const parsed = parseChange(one, nowMs);
      items.push(...parsed.items);
      skipped.push(...parsed.skipped);
    }
  return { items, skipped };
}

function parseChange(given: unknown, nowMs: number): ParsedWebhook {
  const parsed = change.safeParse(given);
  if (!parsed.success) return { items: [], skipped: ["bad_change"] };
  const { field, value } = parsed.data;
  if (!takenFields.has(field)) return { items: [], skipped: ["other_field"] };
  const accountErrors = elements(metaError, value.errors).good.map(
    ({ code, title }): WebhookItem => ({ item: "account_error", code, title }),
  );
  const from = metadata.safeParse(value);
  if (!from.success)
    return {
      items: accountErrors,
      skipped: accountErrors.length > 0 ? [] : ["bad_change"],
    };
  const phoneNumberId = from.data.metadata.phone_number_id;
  const contacts = elements(contact, value.contacts).good;
  const about = { phoneNumberId, contacts, nowMs };
  const kinds = [
    taken(message, value.messages, "bad_message", (one) =>
      messageItem(one, about),
    ),
    taken(status, value.statuses, "bad_status", (one) =>
      statusItem(one, about),
    ),
    taken(preference, value.user_preferences, "bad_preference", (one) =>
      preferenceItem(one, about),
    ),
    taken(userIdUpdate, value.user_id_update, "bad_user_id_update", (one) =>
      userIdUpdateItem(one, about),
    ),
  ];
  return {
    items: [...kinds.flatMap(({ items }) => items), ...accountErrors],
    skipped: kinds.flatMap(({ skipped }) => skipped),
  };
}

/** What could be made of each element of a list. */
function taken<T extends z.ZodType>(
  schema: T,
  values: unknown,
  badReason: SkipReason,
  make: (value: z.output<T>) => WebhookItem | SkipReason,
): ParsedWebhook {
  const { good, bad } = elements(schema, values);
  const items: WebhookItem[] = [];
  const skipped = Array.from({ length: bad }, () => badReason);
  for (const value of good) {
    const item = make(value);
    if (typeof item === "string") skipped.push(item);
    else items.push(item);
  }
  return { items, skipped };
}
