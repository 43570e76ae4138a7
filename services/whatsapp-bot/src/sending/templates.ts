import type { EventDataByType } from "@easymo/messaging";
import {
  fillTemplateText,
  type Agent,
  type TemplateValues,
} from "@easymo/routing";

type MessageSend = EventDataByType["message.send"];
type GivenTemplate = Extract<MessageSend, { kind: "template" }>["template"];
export type FallbackTemplate = NonNullable<Agent["whatsapp"]>["template"];
type Component = Readonly<Record<string, unknown>>;

/**
 * A template as Meta takes it.
 * Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/message-api (template)
 */
export interface GraphTemplate {
  readonly name: string;
  readonly language: { readonly code: string };
  readonly components?: readonly Component[];
}

const MAX_NAME_CHARACTERS = 100;
/** The body has 1,024 characters together with the template's own words. */
const MAX_TEXT_CHARACTERS = 600;

/** A template that was asked for: its components as they are, and its body's variables. Pure. */
export function templateOf(given: GivenTemplate): GraphTemplate {
  const { name, language, components, parameters } = given;
  const all: Component[] = [
    ...(components ?? []),
    ...(parameters === undefined ? [] : [bodyOf(parameters)]),
  ];
  return {
    name,
    language: { code: language },
    ...(components === undefined && parameters === undefined
      ? {}
      : { components: all }),
  };
}

/** The agent's template with its variables filled in; undefined when there is nothing to fill one of them with. Pure. */
export function fallbackTemplate(
  { name, language, parameters }: FallbackTemplate,
  values: TemplateValues,
): GraphTemplate | undefined {
  if (parameters === undefined) return templateOf({ name, language });
  const short = {
    name: shortened(values.name, MAX_NAME_CHARACTERS),
    text: shortened(values.text, MAX_TEXT_CHARACTERS),
  };
  const filled = new Map<string, string>();
  for (const [key, text] of Object.entries(parameters)) {
    const value = fillTemplateText(text, short);
    if (value === undefined) return undefined;
    filled.set(key, value);
  }
  return templateOf({
    name,
    language,
    parameters: Array.isArray(parameters)
      ? [...filled.values()]
      : Object.fromEntries(filled),
  });
}

/** Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview (parameter formats) */
function bodyOf(parameters: string[] | Record<string, string>): Component {
  return {
    type: "body",
    parameters: Array.isArray(parameters)
      ? parameters.map((text) => ({ type: "text", text: oneLine(text) }))
      : Object.entries(parameters).map(([name, text]) => ({
          type: "text",
          parameter_name: name,
          text: oneLine(text),
        })),
  };
}

/** Meta refuses a parameter with new lines, tabs, or more than four spaces in a row. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function shortened(
  text: string | undefined,
  maxCharacters: number,
): string | undefined {
  if (text === undefined) return undefined;
  const line = oneLine(text);
  if (line.length <= maxCharacters) return line;
  const cut = line.slice(0, maxCharacters - 1).replace(/\s+\S*$/, "");
  return `${cut.replace(/[\uD800-\uDBFF]$/, "")}…`;
}
