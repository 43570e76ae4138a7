import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { sectionsOf } from "./page.js";

const page = readFileSync(
  new URL("../../../docs/operations.md", import.meta.url),
  "utf8",
);

test("a page's commands are its blocks of shell, under their headings", () => {
  const markdown = [
    "```sh",
    "first",
    "```",
    "## One",
    "```yaml",
    "## not a heading",
    "```",
    "```sh",
    "second <<'YAML'",
    "YAML",
    "```",
    "## Without any",
    "",
  ].join("\n");
  expect(sectionsOf(markdown)).toEqual([
    { title: "", commands: ["first"] },
    { title: "One", commands: ["second <<'YAML'\nYAML"] },
  ]);
});

test("a block without an end is refused", () => {
  expect(() => sectionsOf("```sh\nrm")).toThrow("no end");
});

test("the page of operations says how a number is added, words are changed, and dead letters are read", () => {
  const titles = sectionsOf(page).map(({ title }) => title);
  expect(titles).toEqual(
    expect.arrayContaining([
      "Add a number",
      "Change an agent's words",
      "Move a number to another tenant",
      "Suspend a number",
      "Scale and drain",
      "Read the dead letters",
      "Remove everything",
    ]),
  );
});
