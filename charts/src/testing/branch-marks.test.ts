import { describe, expect, test } from "@jest/globals";
import { branchesTaken, markBranches } from "./branch-marks.js";

describe("marks in a template", () => {
  test("stand in each branch, and where a condition had no other side", () => {
    const { text, branches } = markBranches(
      "{{- if .a }}\nx: 1\n{{- else if .b -}}\ny: 2\n{{- end }}\n{{ with .c }}z{{ end }}",
      "f",
    );
    expect(branches).toEqual([
      "f:1 if",
      "f:3 else if",
      "f:1 no if",
      "f:6 with",
      "f:6 no with",
    ]);
    expect(text).toBe(
      '{{- if .a }}{{ include "branch-mark" (list $ "f:1 if") }}\nx: 1\n' +
        '{{- else if .b -}}{{ include "branch-mark" (list $ "f:3 else if") -}}\ny: 2\n' +
        '{{- else }}{{ include "branch-mark" (list $ "f:1 no if") }}{{- end }}\n' +
        '{{ with .c }}{{ include "branch-mark" (list $ "f:6 with") }}z' +
        '{{ else }}{{ include "branch-mark" (list $ "f:6 no with") }}{{ end }}',
    );
  });

  test("ask nothing of a condition that has its other side, nor of an empty list", () => {
    expect(
      markBranches(
        "{{ if .a }}x{{ else }}y{{ end }}{{ range .b }}z{{ end }}",
        "f",
      ).branches,
    ).toEqual(["f:1 if", "f:1 else", "f:1 range"]);
  });

  test("leave comments and plain actions alone", () => {
    const template = '{{/* if this */}}{{ .Values.iffy }}{{ include "end" . }}';
    expect(markBranches(template, "f")).toEqual({
      text: template,
      branches: [],
    });
  });

  test("go into the sentence that refuses", () => {
    const { text } = markBranches('{{ if .a }}{{ fail "no" }}{{ end }}', "f");
    expect(text).toContain('{{ fail (print "[branch f:1 if] " "no") }}');
  });

  test("are read from what was printed, or from the refusal", () => {
    expect(
      branchesTaken("# branch f:1 if\nkind: X\n# branch f:2 with\n"),
    ).toEqual(["f:1 if", "f:2 with"]);
    expect(branchesTaken("Error: [branch f:1 if] no")).toEqual(["f:1 if"]);
  });
});
