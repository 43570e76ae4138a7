import {
  agentSchema,
  channelSchema,
  type Agent,
  type Channel,
} from "../api/index.js";

/** What of an object's metadata a test decides; the rest is made up. */
export interface MetadataForTest {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An Agent as the API server would answer it. */
export function agentForTest(
  metadata: MetadataForTest = {},
  spec: Readonly<Record<string, unknown>> = { instructions: "Help." },
): Agent {
  return agentSchema.parse({ metadata: complete(metadata, "sales"), spec });
}

/** A Channel as the API server would answer it: by default the number +250780000001, whose Agent is sales. */
export function channelForTest(
  metadata: MetadataForTest = {},
  spec: Readonly<Record<string, unknown>> = {},
  status?: Readonly<Record<string, unknown>>,
): Channel {
  const hasKind = ["twilio", "sip", "whatsapp"].some((kind) => kind in spec);
  return channelSchema.parse({
    metadata: complete(metadata, "desk"),
    spec: {
      tenant: "kigali-parts",
      agentRef: { name: "sales" },
      ...(hasKind ? {} : { twilio: { number: "+250780000001" } }),
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  });
}

function complete(metadata: MetadataForTest, defaultName: string) {
  const { name = defaultName, namespace = "easymo" } = metadata;
  return {
    name,
    namespace,
    uid: `uid-of-${namespace}-${name}`,
    generation: 1,
    creationTimestamp: "2026-01-01T00:00:00Z",
    ...metadata,
  };
}
