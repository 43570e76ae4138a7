import type { AgentSpec } from "./agent.js";

/**
 * An agent of the routing document, made from a spec: the same fields, with the instructions in place of where they are,
 * and a template's variables in order or by name in the one field that the document has for both. Pure.
 */
export function agentEntryOf(
  name: string,
  spec: AgentSpec,
  instructions: string | undefined,
) {
  const { instructions: inline, instructionsFrom, whatsapp, ...rest } = spec;
  const text = instructionsFrom === undefined ? inline : instructions;
  return {
    name,
    ...(text === undefined ? {} : { instructions: text }),
    ...rest,
    ...(whatsapp === undefined
      ? {}
      : { whatsapp: { template: templateEntryOf(whatsapp.template) } }),
  };
}

function templateEntryOf(
  template: NonNullable<AgentSpec["whatsapp"]>["template"],
) {
  const { parameters, namedParameters, ...rest } = template;
  const variables = parameters ?? namedParameters;
  return {
    ...rest,
    ...(variables === undefined ? {} : { parameters: variables }),
  };
}
