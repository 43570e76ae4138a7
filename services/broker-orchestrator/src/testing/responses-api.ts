import { createServer, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";

/** A stand-in of OpenAI's Responses API: strict about what it is asked, and scripted in what it answers. */

const strictSchema = z.object({
  type: z.literal("object"),
  properties: z.record(z.string(), z.unknown()),
  required: z.array(z.string()).optional(),
  additionalProperties: z.literal(false),
});

const request = z.strictObject({
  model: z.string().min(1),
  store: z.literal(false),
  instructions: z.string().min(1),
  safety_identifier: z.string().min(1).max(64),
  parallel_tool_calls: z.literal(false),
  max_output_tokens: z.int().min(16),
  tool_choice: z.enum(["auto", "none"]),
  tools: z.array(
    z.strictObject({
      type: z.literal("function"),
      name: z.string().regex(/^[a-z_]{1,64}$/),
      description: z.string().min(1),
      parameters: strictSchema.refine(
        ({ properties, required = [] }) =>
          Object.keys(properties).every((name) => required.includes(name)),
        "a strict function needs each of its properties",
      ),
      strict: z.literal(true),
    }),
  ),
  input: z
    .array(
      z.union([
        z.strictObject({
          role: z.enum(["user", "assistant"]),
          content: z.string().min(1),
        }),
        z.strictObject({
          type: z.literal("function_call"),
          call_id: z.string().min(1),
          name: z.string(),
          arguments: z.string(),
        }),
        z.strictObject({
          type: z.literal("function_call_output"),
          call_id: z.string().min(1),
          output: z.string(),
        }),
      ]),
    )
    .min(1)
    .refine((items) => {
      const called = new Set<string>();
      return items.every((item) => {
        if (!("type" in item)) return true;
        if (item.type === "function_call") return called.add(item.call_id);
        return called.has(item.call_id);
      });
    }, "an output needs its call before it"),
});

export type ModelRequest = z.output<typeof request>;

/** One answer of the script; `hang` never comes. */
export type Step =
  | { readonly status?: number; readonly json: unknown }
  | { readonly raw: string }
  | "hang";

export class ResponsesApi {
  /** What was asked, in order. */
  readonly requests: ModelRequest[] = [];
  /** What the real one would have refused. */
  readonly violations: string[] = [];
  readonly #server: Server;
  #script: Step[] = [];
  #waiting: (() => void)[] = [];
  url = "";

  private constructor() {
    this.#server = createServer((req, res) => {
      void text(req).then((body) => {
        const path = `${req.method} ${req.url}`;
        if (path !== "POST /v1/responses") this.violations.push(path);
        if (req.headers.authorization !== "Bearer test-key")
          this.violations.push("authorization");
        this.#answer(body, res);
      });
    });
  }

  static async start(): Promise<ResponsesApi> {
    const api = new ResponsesApi();
    await new Promise<void>((resolve) =>
      api.#server.listen(0, "127.0.0.1", resolve),
    );
    const address = api.#server.address();
    if (address === null || typeof address === "string")
      throw new Error("The stand-in has no port.");
    api.url = `http://127.0.0.1:${address.port}/v1`;
    return api;
  }

  /** What it answers from now on, one after the other; what was asked before is forgotten. */
  script(...steps: readonly Step[]): void {
    this.#script = [...steps];
    this.requests.length = 0;
  }

  /** Resolves with the next request. */
  asked(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(body: string, res: ServerResponse): void {
    const parsed = request.safeParse(JSON.parse(body));
    if (parsed.success) this.requests.push(parsed.data);
    else this.violations.push(z.prettifyError(parsed.error));
    for (const resolve of this.#waiting.splice(0)) resolve();
    const step = this.#script.shift();
    if (step === "hang") return;
    if (step === undefined) {
      this.violations.push("a request that the script does not know");
      res.writeHead(400, { "content-type": "application/json" });
      res.end(JSON.stringify({ error: { message: "no more" } }));
      return;
    }
    const { status = 200, text: answer } =
      "raw" in step
        ? { text: step.raw }
        : { ...step, text: JSON.stringify(step.json) };
    res.writeHead(status, { "content-type": "application/json" });
    res.end(answer);
  }
}

const USAGE = {
  input_tokens: 100,
  output_tokens: 20,
  total_tokens: 120,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens_details: { reasoning_tokens: 0 },
};

/** A response with these items. */
export function responseOf(
  output: readonly object[],
  changes: object = {},
): Step {
  return {
    json: {
      id: "resp_1",
      object: "response",
      created_at: 1,
      model: "test-model",
      status: "completed",
      error: null,
      incomplete_details: null,
      output,
      usage: USAGE,
      ...changes,
    },
  };
}

export function says(words: string, changes: object = {}): Step {
  const content = [{ type: "output_text", text: words, annotations: [] }];
  return responseOf(
    [
      { type: "reasoning", id: "rs_1", summary: [] },
      {
        type: "message",
        id: "msg_1",
        role: "assistant",
        status: "completed",
        content,
      },
    ],
    changes,
  );
}

export function refuses(): Step {
  const content = [{ type: "refusal", refusal: "I can't help with that." }];
  return responseOf([
    {
      type: "message",
      id: "msg_1",
      role: "assistant",
      status: "completed",
      content,
    },
  ]);
}

export function calls(
  ...tools: readonly (readonly [name: string, args: unknown])[]
): Step {
  return responseOf([
    { type: "reasoning", id: "rs_1", summary: [] },
    ...tools.map(([name, args], at) => ({
      type: "function_call",
      id: `fc_${at}`,
      call_id: `call_${name}_${at}`,
      name,
      arguments: typeof args === "string" ? args : JSON.stringify(args),
      status: "completed",
    })),
  ]);
}
