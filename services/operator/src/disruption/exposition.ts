/** One line of a Prometheus exposition. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE =
  /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?[ \t]+([^ \t]+)(?:[ \t]+-?\d+)?[ \t]*$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/**
 * The samples of the wanted metrics, by name. What is no sample is passed over: a pod's text is not ours to judge. Pure.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function readExposition(
  text: string,
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, readonly Sample[]> {
  const found = new Map<string, Sample[]>();
  for (const line of text.split("\n")) {
    const [, name = "", labels = "", value = ""] = LINE.exec(line) ?? [];
    if (!wanted.has(name)) continue;
    const samples = found.get(name) ?? [];
    found.set(name, samples);
    samples.push({ labels: readLabels(labels), value: Number(value) });
  }
  return found;
}

function readLabels(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(LABEL)].map(([, name = "", value = ""]) => [
      name,
      value.replaceAll(/\\(.)/g, (_, escaped: string) =>
        escaped === "n" ? "\n" : escaped,
      ),
    ]),
  );
}
