import { z } from "zod";
import { command, type CommandOptions } from "./command.js";

const metadata = z.looseObject({
  name: z.string(),
  uid: z.string(),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
  deletionTimestamp: z.string().optional(),
});

const pod = z.looseObject({
  metadata,
  status: z.looseObject({
    podIP: z.string().optional(),
    phase: z.string(),
    conditions: z
      .array(z.looseObject({ type: z.string(), status: z.string() }))
      .default([]),
    containerStatuses: z
      .array(
        z.looseObject({
          name: z.string(),
          restartCount: z.number(),
          state: z.looseObject({
            running: z.looseObject({ startedAt: z.string() }).optional(),
          }),
        }),
      )
      .default([]),
  }),
});
export type Pod = z.infer<typeof pod>;

const service = z.looseObject({
  spec: z.looseObject({
    clusterIP: z.string(),
    ports: z.array(
      z.looseObject({ port: z.number(), nodePort: z.number().optional() }),
    ),
  }),
});

const secretData = z.looseObject({ data: z.record(z.string(), z.string()) });

/** kubectl, in one namespace unless the arguments name another. */
export class Kubectl {
  readonly #program: string;
  readonly #namespace: string;

  constructor(program: string, namespace: string) {
    this.#program = program;
    this.#namespace = namespace;
  }

  get program(): string {
    return this.#program;
  }

  get namespace(): string {
    return this.#namespace;
  }

  /** Runs it, and gives what it wrote on standard output. */
  async run(
    args: readonly string[],
    options: CommandOptions = {},
  ): Promise<string> {
    const all = ["--namespace", this.#namespace, ...args];
    return (await command(this.#program, all, options)).stdout.trim();
  }

  /** `get -o json`, as what the schema says. */
  async get<T>(schema: z.ZodType<T>, args: readonly string[]): Promise<T> {
    const text = await this.run(["get", ...args, "--output", "json"]);
    return schema.parse(JSON.parse(text));
  }

  apply(yaml: string, args: readonly string[] = []): Promise<string> {
    return this.run(["apply", ...args, "--filename", "-"], { input: yaml });
  }

  /** The pods of a selector that are not on their way out. */
  async pods(selector: string): Promise<Pod[]> {
    const { items } = await this.get(z.object({ items: z.array(pod) }), [
      "pods",
      "--selector",
      selector,
    ]);
    return items.filter((one) => one.metadata.deletionTimestamp === undefined);
  }

  async pod(name: string): Promise<Pod> {
    return this.get(pod, ["pod", name]);
  }

  service(name: string) {
    return this.get(service, ["service", name]);
  }

  /** A secret's values, decoded. */
  async secret(name: string): Promise<ReadonlyMap<string, string>> {
    const { data } = await this.get(secretData, ["secret", name]);
    return new Map(
      Object.entries(data).map(([key, value]) => [
        key,
        Buffer.from(value, "base64").toString(),
      ]),
    );
  }

  /** Waits for a Deployment's newest pods, all of them. */
  async rolledOut(name: string, timeoutSeconds = 180): Promise<void> {
    await this.run(
      [
        "rollout",
        "status",
        `deployment/${name}`,
        `--timeout=${timeoutSeconds}s`,
      ],
      { timeoutMs: (timeoutSeconds + 30) * 1_000 },
    );
  }
}

/** Whether a pod says that it is ready. */
export function isReady(one: Pod): boolean {
  return one.status.conditions.some(
    ({ type, status }) => type === "Ready" && status === "True",
  );
}
