import type {
  IngestSubject,
  IngestSubjectName,
  IngestWorld,
} from "./subject.js";

export async function startIngestSubject(
  name: IngestSubjectName,
  world: IngestWorld,
): Promise<IngestSubject> {
  // Each loads only what it needs itself.
  if (name === "sip-ingress") {
    const { startSipIngress } = await import("./sip-ingress.js");
    return await startSipIngress(world);
  }
  const { startPeer } = await import("./peers.js");
  return await startPeer(name, world);
}
