import { byId, make, show } from "./dom.js";
import type { OptOut, People, Person } from "./wire.js";

const languageNames = new Intl.DisplayNames("en", { type: "language" });

/** The leads and opt-outs that agent-core has. */
export function renderPeople({ leads, optOuts }: People): void {
  fill("leads", leads.map(leadRow));
  fill("opt-outs", optOuts.map(optOutRow));
}

function fill(id: string, rows: readonly HTMLTableRowElement[]): void {
  byId(id, HTMLTableSectionElement).replaceChildren(...rows);
  byId(`${id}-count`, HTMLSpanElement).textContent = String(rows.length);
  const table = byId(id, HTMLTableSectionElement).closest<HTMLElement>(
    ".table",
  );
  if (table !== null) show(table, rows.length > 0);
  show(byId(`${id}-empty`, HTMLParagraphElement), rows.length === 0);
}

function leadRow(person: Person): HTMLTableRowElement {
  return make(
    "tr",
    {},
    make("td", {}, person.name ?? "–"),
    make("td", {}, person.phone ?? "–"),
    make("td", {}, languageOf(person.language)),
    make("td", {}, person.tags.join(", ") || "–"),
    make("td", {}, person.tenant),
  );
}

function optOutRow(optOut: OptOut): HTMLTableRowElement {
  return make(
    "tr",
    {},
    make("td", {}, optOut.phone),
    make("td", {}, optOut.channel ?? "–"),
    make("td", {}, optOut.at === undefined ? "–" : timeOf(optOut.at)),
    make("td", {}, optOut.tenant),
  );
}

function languageOf(code: string | undefined): string {
  if (code === undefined) return "–";
  return languageNames.of(code) ?? code;
}

function timeOf(at: string): string {
  return new Date(at).toLocaleTimeString("en-GB", { hour12: false });
}
