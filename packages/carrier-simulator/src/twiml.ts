import { XMLParser } from "fast-xml-parser";
import { SyntaxValidator } from "fast-xml-validator";
import { z } from "zod";
import { CarrierProblem, problemCodes } from "./problem.js";

/** A request that TwiML asks for, still relative to its document's address. */
export interface Callback {
  readonly url: string;
  readonly method: "GET" | "POST";
}

/** `<Stream>` inside `<Connect>`. */
export interface StreamSpec {
  readonly url: string;
  readonly name: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  readonly statusCallback: Callback | undefined;
}

/** One verb of a TwiML document, checked. */
export type Instruction =
  | {
      readonly verb: "connect";
      readonly stream: StreamSpec;
      readonly action: Callback | undefined;
    }
  | {
      readonly verb: "dial";
      readonly numbers: readonly string[];
      readonly callerId: string | undefined;
      readonly timeoutSeconds: number;
      readonly action: Callback | undefined;
    }
  | {
      readonly verb: "say";
      readonly text: string;
      readonly language: string | undefined;
      readonly times: number;
    }
  | { readonly verb: "pause"; readonly lengthSeconds: number }
  | { readonly verb: "redirect"; readonly to: Callback }
  | { readonly verb: "reject"; readonly reason: "rejected" | "busy" }
  | { readonly verb: "hangup" };

const { documentParseFailure, schemaFailure } = problemCodes;
/** twilio.com/docs/voice/twiml/stream#custom-parameters */
const MAX_PARAMETER_LENGTH = 500;

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  readonly text: string;
}

const rawNodes = z.array(z.record(z.string(), z.unknown()));
const rawAttributes = z.record(z.string(), z.string());

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreDeclaration: true,
});

/**
 * Reads a TwiML document into the instructions that it holds.
 * @throws CarrierProblem with the code that Twilio's debugger would show
 */
export function parseTwiml(xml: string): Instruction[] {
  const roots = elementsOf(parsed(xml));
  const root = roots[0];
  if (root?.name !== "Response") {
    throw new CarrierProblem(
      schemaFailure,
      "The root element is not <Response>.",
    );
  }
  return root.children.map(instructionOf);
}

function parsed(xml: string): unknown {
  try {
    SyntaxValidator.validate(xml);
    return parser.parse(xml);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CarrierProblem(documentParseFailure, why);
  }
}

function elementsOf(raw: unknown): Element[] {
  return rawNodes.parse(raw).flatMap((node) => {
    const name = Object.keys(node).find((key) => key !== ":@" && key !== TEXT);
    if (name === undefined || name === "#comment") return [];
    const inner = node[name];
    return [
      {
        name,
        attributes: rawAttributes.parse(node[":@"] ?? {}),
        children: elementsOf(inner),
        text: textOf(inner),
      },
    ];
  });
}

const TEXT = "#text";

function textOf(raw: unknown): string {
  return rawNodes
    .parse(raw)
    .map((node) => (typeof node[TEXT] === "string" ? node[TEXT] : ""))
    .join("")
    .replace(/\s+/g, " ")
    .trim();
}

function instructionOf(element: Element): Instruction {
  switch (element.name) {
    case "Connect":
      return connectOf(element);
    case "Dial":
      return dialOf(element);
    case "Say":
      return {
        verb: "say",
        text: required(element.text, "<Say> without text"),
        language: element.attributes.language,
        times: Math.max(1, integer(element, "loop", 1)),
      };
    case "Pause":
      return { verb: "pause", lengthSeconds: integer(element, "length", 1) };
    case "Redirect":
      return {
        verb: "redirect",
        to: {
          url: required(element.text, "<Redirect> without an address"),
          method: methodOf(element, "method"),
        },
      };
    case "Reject":
      return {
        verb: "reject",
        reason: element.attributes.reason === "busy" ? "busy" : "rejected",
      };
    case "Hangup":
      return { verb: "hangup" };
    default:
      throw new CarrierProblem(
        schemaFailure,
        `The simulator does not know the verb <${element.name}>.`,
      );
  }
}

function connectOf(element: Element): Instruction {
  const stream = element.children[0];
  if (stream?.name !== "Stream" || element.children.length !== 1) {
    throw new CarrierProblem(schemaFailure, "<Connect> needs one <Stream>.");
  }
  const url = required(stream.attributes.url, "<Stream> without url");
  // "url … must be a wss address; query string parameters are not supported"
  if (!url.startsWith("wss://")) {
    throw new CarrierProblem(
      schemaFailure,
      "The url of <Stream> is not wss://.",
    );
  }
  if (url.includes("?")) {
    throw new CarrierProblem(schemaFailure, "The url of <Stream> has a query.");
  }
  return {
    verb: "connect",
    action: callbackOf(element, "action", "method"),
    stream: {
      url,
      name: stream.attributes.name,
      parameters: parametersOf(stream),
      statusCallback: callbackOf(
        stream,
        "statusCallback",
        "statusCallbackMethod",
      ),
    },
  };
}

function parametersOf(stream: Element): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const child of stream.children) {
    if (child.name !== "Parameter") {
      throw new CarrierProblem(
        schemaFailure,
        `<${child.name}> inside <Stream>.`,
      );
    }
    const name = required(child.attributes.name, "<Parameter> without name");
    const value = child.attributes.value ?? "";
    if (name.length + value.length > MAX_PARAMETER_LENGTH) {
      throw new CarrierProblem(
        schemaFailure,
        `Name and value of <Parameter> ${name} are over 500 characters.`,
      );
    }
    parameters[name] = value;
  }
  return parameters;
}

function dialOf(element: Element): Instruction {
  const nested = element.children.map((child) => {
    if (child.name !== "Number") {
      throw new CarrierProblem(schemaFailure, `<${child.name}> inside <Dial>.`);
    }
    return required(child.text, "<Number> without a number");
  });
  const numbers =
    nested.length > 0
      ? nested
      : [required(element.text, "<Dial> without a number")];
  return {
    verb: "dial",
    numbers,
    callerId: element.attributes.callerId,
    timeoutSeconds: integer(element, "timeout", 30),
    action: callbackOf(element, "action", "method"),
  };
}

function callbackOf(
  element: Element,
  urlName: string,
  methodName: string,
): Callback | undefined {
  const url = element.attributes[urlName];
  if (url === undefined) return undefined;
  return { url, method: methodOf(element, methodName) };
}

function methodOf(element: Element, name: string): "GET" | "POST" {
  const method = (element.attributes[name] ?? "POST").toUpperCase();
  if (method === "GET" || method === "POST") return method;
  throw new CarrierProblem(schemaFailure, `${method} is not GET or POST.`);
}

function integer(element: Element, name: string, fallback: number): number {
  const value = element.attributes[name];
  if (value === undefined) return fallback;
  if (/^\d+$/.test(value)) return Number(value);
  throw new CarrierProblem(
    schemaFailure,
    `${name}="${value}" is not a number.`,
  );
}

function required(value: string | undefined, problem: string): string {
  if (value === undefined || value === "") {
    throw new CarrierProblem(schemaFailure, `${problem}.`);
  }
  return value;
}
