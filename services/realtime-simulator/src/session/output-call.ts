import type { ToolCall } from "../brain/types.js";
import type { FunctionCallItem } from "../protocol/items.js";
import type { ServerEvent } from "../protocol/server-events.js";
import type { Ids } from "./ids.js";
import { textTokens, type Tokens } from "./tokens.js";

const DELTA_CHARACTERS = 24;

/** A function call of which nothing but the name is known yet. */
export function newCallItem(ids: Ids, call: ToolCall): FunctionCallItem {
  return {
    id: ids.next("item"),
    object: "realtime.item",
    type: "function_call",
    status: "in_progress",
    name: call.name,
    call_id: ids.next("call"),
    arguments: "",
  };
}

/** The events by which the arguments arrive; the item has them after. */
export function callEvents(
  item: FunctionCallItem,
  where: { readonly response_id: string; readonly output_index: number },
  argumentsJson: string,
): ServerEvent[] {
  const ofCall = { ...where, item_id: item.id, call_id: item.call_id };
  const events: ServerEvent[] = [];
  for (let at = 0; at < argumentsJson.length; at += DELTA_CHARACTERS) {
    events.push({
      type: "response.function_call_arguments.delta",
      ...ofCall,
      delta: argumentsJson.slice(at, at + DELTA_CHARACTERS),
    });
  }
  item.arguments = argumentsJson;
  events.push({
    type: "response.function_call_arguments.done",
    ...ofCall,
    name: item.name,
    arguments: argumentsJson,
  });
  return events;
}

export function callTokens(item: FunctionCallItem): Tokens {
  return { text: textTokens(item.name + item.arguments), audio: 0 };
}
