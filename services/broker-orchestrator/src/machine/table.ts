import { eventRules } from "./machine.js";
import { outcomeRows } from "./rules/outcomes.js";

const HEAD = `<!-- Made by services/broker-orchestrator/scripts/generate-transitions.mjs from the machine's own rows: change them there. -->

# What a conversation does

broker-orchestrator keeps one conversation per tenant and person. An event changes it by the rows below, each of whose
condition holds, in this order; what is to be done outside is written with it and done afterwards, under keys made from
the event's id. An event that was taken before changes nothing: what it left undone is done.
`;

/** The transition table as a document, from the rows that the machine runs. Pure. */
export function transitionTable(): string {
  return `${[
    HEAD,
    "## Events",
    "",
    table(
      ["event", "when", "then", "effects"],
      eventRules.map(({ on, when, then, effects }) => [
        on.map(code).join(" "),
        when,
        then,
        effects.map(code).join(" "),
      ]),
    ),
    "",
    "## Effects that are done",
    "",
    "What follows from nothing else than its own end is not in the table.",
    "",
    table(
      ["effect", "outcome", "then", "effects"],
      outcomeRows.map(({ of, when, then, effects }) => [
        code(of),
        when,
        then,
        effects.map(code).join(" "),
      ]),
    ),
  ].join("\n")}\n`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join(
    "\n",
  );
}
