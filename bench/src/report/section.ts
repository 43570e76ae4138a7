import type { Spread } from "./statistics.js";

/** A figure that has to be reached, and what was measured. */
export interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly met: boolean;
}

/** What one benchmark has to say. */
export interface Section {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
  readonly targets: readonly Target[];
  /** Everything that was measured, for the results file. */
  readonly data: unknown;
}

export function formatSpread(spread: Spread, digits = 2): string {
  const [median, min, max] = [spread.median, spread.min, spread.max].map(
    (value) => value.toFixed(digits),
  );
  return min === max ? `${median}` : `${median} (${min}–${max})`;
}

export function formatSection(section: Section): string {
  const lines = [
    section.title,
    "=".repeat(section.title.length),
    "",
    ...formatTable([section.columns, ...section.rows]),
    "",
    ...section.targets.map(
      ({ what, wanted, measured, met }) =>
        `${met ? "reached" : "NOT REACHED"}: ${what}: ${measured} (wanted: ${wanted})`,
    ),
    ...section.notes.map((note) => `- ${note}`),
  ];
  return `${lines.join("\n")}\n`;
}

function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0
          ? cell.padEnd(widths?.[column] ?? 0)
          : cell.padStart(widths?.[column] ?? 0),
      )
      .join("  "),
  );
  lines.splice(
    1,
    0,
    (widths ?? []).map((width) => "-".repeat(width)).join("  "),
  );
  return lines;
}
