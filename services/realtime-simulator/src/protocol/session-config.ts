import { z } from "zod";
import { ProtocolError } from "./errors.js";

/** G.711 μ-law, or 16-bit PCM at 24 kHz: what the simulator hears and speaks. */
export const audioFormat = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("audio/pcm"),
    rate: z.literal(24_000).default(24_000),
  }),
  z.strictObject({ type: z.literal("audio/pcmu") }),
]);
export type AudioFormat = z.infer<typeof audioFormat>;

const turnDetection = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("server_vad"),
    threshold: z.number().min(0).max(1).default(0.5),
    prefix_padding_ms: z.int().min(0).max(5000).default(300),
    silence_duration_ms: z.int().min(0).max(10_000).default(500),
    idle_timeout_ms: z.int().min(5000).max(30_000).nullable().default(null),
    create_response: z.boolean().default(true),
    interrupt_response: z.boolean().default(true),
  }),
  z.strictObject({
    type: z.literal("semantic_vad"),
    eagerness: z.enum(["low", "medium", "high", "auto"]).default("auto"),
    create_response: z.boolean().default(true),
    interrupt_response: z.boolean().default(true),
  }),
]);
export type TurnDetection = z.infer<typeof turnDetection>;

const transcription = z.strictObject({
  model: z.string().default("gpt-4o-transcribe"),
  language: z.string().nullish(),
  languages: z.array(z.string()).optional(),
  keywords: z.array(z.string()).optional(),
  prompt: z.string().nullish(),
  delay: z.enum(["minimal", "low", "medium", "high", "xhigh"]).optional(),
});
const noiseReduction = z.strictObject({
  type: z.enum(["near_field", "far_field"]),
  strength: z.number().min(0).max(1).optional(),
});

const VOICES = [
  "alloy",
  "ash",
  "ballad",
  "coral",
  "echo",
  "sage",
  "shimmer",
  "verse",
  "marin",
  "cedar",
] as const;
export const voice = z.union([
  z.enum(VOICES),
  z.strictObject({ id: z.string() }),
]);

/** A tool that a session offers its model. */
export const functionTool = z.strictObject({
  type: z.literal("function"),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, {
    error:
      "Invalid tool name: expected letters, digits, '_' and '-', at most 64 of them.",
  }),
  description: z.string().optional(),
  parameters: z.record(z.string(), z.unknown()).optional(),
});
export type FunctionTool = z.infer<typeof functionTool>;

export const toolChoice = z.union([
  z.enum(["auto", "none", "required"]),
  z.strictObject({ type: z.literal("function"), name: z.string() }),
]);
export type ToolChoice = z.infer<typeof toolChoice>;

export const outputModalities = z
  .array(z.enum(["text", "audio"]))
  .refine((modalities) => modalities.length === 1, {
    error:
      "Invalid modalities: supported combinations are: ['text'] and ['audio'].",
  });
export const maxOutputTokens = z.union([
  z.int().min(1).max(4096),
  z.literal("inf"),
]);
export const prompt = z.looseObject({ id: z.string() }).nullable();
export const reasoning = z.strictObject({
  effort: z.enum(["minimal", "low", "medium", "high", "xhigh"]).optional(),
});

/** The `session` of a `session.update`. */
export const sessionUpdate = z.strictObject({
  type: z.literal("realtime"),
  model: z.string().optional(),
  instructions: z.string().optional(),
  output_modalities: outputModalities.optional(),
  max_output_tokens: maxOutputTokens.optional(),
  tools: z.array(functionTool).optional(),
  tool_choice: toolChoice.optional(),
  parallel_tool_calls: z.boolean().optional(),
  reasoning: reasoning.optional(),
  prompt: prompt.optional(),
  include: z
    .array(z.literal("item.input_audio_transcription.logprobs"))
    .nullable()
    .optional(),
  tracing: z
    .union([
      z.literal("auto"),
      z.strictObject({
        workflow_name: z.string().optional(),
        group_id: z.string().optional(),
        metadata: z.unknown().optional(),
      }),
    ])
    .nullable()
    .optional(),
  truncation: z
    .union([
      z.enum(["auto", "disabled"]),
      z.strictObject({
        type: z.literal("retention_ratio"),
        retention_ratio: z.number().min(0).max(1),
        token_limits: z
          .strictObject({ post_instructions: z.int().min(0).optional() })
          .optional(),
      }),
    ])
    .optional(),
  audio: z
    .strictObject({
      input: z
        .strictObject({
          format: audioFormat.optional(),
          noise_reduction: noiseReduction.nullable().optional(),
          transcription: transcription.nullable().optional(),
          turn_detection: turnDetection.nullable().optional(),
        })
        .optional(),
      output: z
        .strictObject({
          format: audioFormat.optional(),
          speed: z.number().min(0.25).max(1.5).optional(),
          voice: voice.optional(),
        })
        .optional(),
    })
    .optional(),
});
export type SessionUpdate = z.infer<typeof sessionUpdate>;

type Defined<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };
type Unset = "audio" | "model" | "reasoning" | "parallel_tool_calls";
type Settings = Defined<Omit<SessionUpdate, Unset>> &
  Pick<SessionUpdate, "reasoning" | "parallel_tool_calls">;

/** The whole configuration in force, as `session.created` and `session.updated` show it. */
export type SessionConfig = Settings & {
  readonly object: "realtime.session";
  readonly id: string;
  readonly model: string;
  /** Seconds since 1970. */
  readonly expires_at: number;
  readonly audio: {
    readonly input: Defined<
      NonNullable<NonNullable<SessionUpdate["audio"]>["input"]>
    >;
    readonly output: Defined<
      NonNullable<NonNullable<SessionUpdate["audio"]>["output"]>
    >;
  };
};

/** What a session is like before the client has said anything. */
export function defaultSessionConfig(init: {
  readonly id: string;
  readonly model: string;
  readonly expiresAtSeconds: number;
}): SessionConfig {
  return {
    object: "realtime.session",
    type: "realtime",
    id: init.id,
    model: init.model,
    expires_at: init.expiresAtSeconds,
    instructions:
      "You are a helpful, witty, and friendly AI. Act like a human, but remember that you aren't a human.",
    output_modalities: ["audio"],
    max_output_tokens: "inf",
    tools: [],
    tool_choice: "auto",
    prompt: null,
    include: null,
    tracing: null,
    truncation: "auto",
    audio: {
      input: {
        format: { type: "audio/pcm", rate: 24_000 },
        noise_reduction: null,
        transcription: null,
        turn_detection: turnDetection.parse({ type: "server_vad" }),
      },
      output: {
        format: { type: "audio/pcm", rate: 24_000 },
        speed: 1,
        voice: "alloy",
      },
    },
  };
}

/**
 * The configuration after an update: only the fields that are present change.
 *
 * @throws ProtocolError when the update changes the model, or the voice after
 * the session has spoken, or has more than one tool of a name.
 */
export function applySessionUpdate(
  current: SessionConfig,
  update: SessionUpdate,
  state: { readonly hasSpoken: boolean },
): SessionConfig {
  const { audio, model, ...settings } = update;
  if (model !== undefined && model !== current.model) {
    throw new ProtocolError(
      "invalid_value",
      `The model of a session cannot be changed from '${current.model}'.`,
      "session.model",
    );
  }
  const newVoice = audio?.output?.voice;
  if (
    state.hasSpoken &&
    newVoice !== undefined &&
    JSON.stringify(newVoice) !== JSON.stringify(current.audio.output.voice)
  ) {
    throw new ProtocolError(
      "cannot_update_voice",
      "Cannot update a conversation's voice if assistant audio is present.",
    );
  }
  rejectRepeatedTools(settings.tools ?? []);
  return {
    ...merge(current, settings),
    audio: {
      input: merge(current.audio.input, audio?.input ?? {}),
      output: merge(current.audio.output, audio?.output ?? {}),
    },
  };
}

function rejectRepeatedTools(tools: readonly FunctionTool[]): void {
  tools.forEach((tool, i) => {
    if (tools.findIndex((other) => other.name === tool.name) !== i) {
      throw new ProtocolError(
        "invalid_value",
        `Tool names must be unique: '${tool.name}' is there twice.`,
        `session.tools[${i}].name`,
      );
    }
  });
}

function merge<T extends object>(
  current: T,
  update: { readonly [K in keyof T]?: T[K] | undefined },
): T {
  const present = Object.entries(update).filter(
    ([, value]) => value !== undefined,
  );
  return { ...current, ...Object.fromEntries(present) };
}
