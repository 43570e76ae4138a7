import type { Kubectl } from "./kubectl.js";

const QUESTIONS: readonly (readonly string[])[] = [
  ["get", "pods", "--output", "wide"],
  ["get", "events", "--sort-by=.lastTimestamp"],
];

/** What the cluster looks like: pods, the latest events, and the last words of every container that is not well. */
export async function diagnose(kubectl: Kubectl): Promise<string> {
  const answers = await Promise.all(
    QUESTIONS.map(async (args) => {
      const said = await kubectl.run(args).catch(String);
      return `$ kubectl ${args.join(" ")}\n${lastLines(said, 40)}`;
    }),
  );
  return [...answers, ...(await lastWords(kubectl))].join("\n\n");
}

async function lastWords(kubectl: Kubectl): Promise<string[]> {
  const pods = await kubectl.pods("").catch(() => []);
  return Promise.all(
    pods.map(async ({ metadata }) => {
      const log = await kubectl
        .run(["logs", metadata.name, "--tail=8", "--prefix"])
        .catch(String);
      return `-- ${metadata.name}\n${log}`;
    }),
  );
}

function lastLines(text: string, count: number): string {
  return text.split("\n").slice(-count).join("\n");
}
