import { apiVersion, channelSchema, type Channel } from "../api/index.js";
import {
  resources,
  type Kubernetes,
  type ObjectToWrite,
} from "../runtime/index.js";

/** How many requests at once make a crowd. */
const AT_ONCE = 16;
const CHANNELS_PER_AGENT = 100;

export function crowdChannel(
  namespace: string,
  at: number,
  change: Readonly<Record<string, unknown>> = {},
): ObjectToWrite {
  return {
    apiVersion,
    kind: "Channel",
    metadata: { name: `desk-${at}`, namespace },
    spec: {
      tenant: `tenant-${at % 200}`,
      agentRef: { name: `agent-${Math.floor(at / CHANNELS_PER_AGENT)}` },
      sip: { uri: `sip:desk-${at}@kigali.example` },
      ...change,
    },
  };
}

/** Makes so many channels, and an agent for each hundred of them. */
export async function makeCrowd(
  kubernetes: Kubernetes,
  namespace: string,
  channels: number,
): Promise<void> {
  const agents = Array.from(
    { length: Math.ceil(channels / CHANNELS_PER_AGENT) },
    (_, at): ObjectToWrite => ({
      apiVersion,
      kind: "Agent",
      metadata: { name: `agent-${at}`, namespace },
      spec: {
        instructions: `You help the people of district ${at} find moto spare parts.`,
        languages: ["en", "rw"],
      },
    }),
  );
  const objects = [
    ...agents,
    ...Array.from({ length: channels }, (_, at) => crowdChannel(namespace, at)),
  ];
  const make = async (): Promise<void> => {
    for (let next = objects.pop(); next !== undefined; next = objects.pop())
      await kubernetes.create(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, make));
}

/** The channels of a namespace, as they are now. */
export async function crowdOf(
  kubernetes: Kubernetes,
  namespace: string,
): Promise<Channel[]> {
  const channels: Channel[] = [];
  await kubernetes.list(resources.channels, { namespace }, (item) =>
    channels.push(channelSchema.parse(item)),
  );
  return channels;
}

/** Whether a condition of a channel was found for the spec that it has now. */
export function says(
  { metadata, status }: Channel,
  type: string,
  wanted: "True" | "False",
): boolean {
  const found = status?.conditions?.find((one) => one.type === type);
  return (
    found?.status === wanted && found.observedGeneration === metadata.generation
  );
}
