import type {
  FollowingSubject,
  FollowingSubjectName,
  FollowingWorld,
} from "./subject.js";

export async function startFollowingSubject(
  name: FollowingSubjectName,
  world: FollowingWorld,
): Promise<FollowingSubject> {
  // Each loads only what it needs itself.
  if (name === "broker-orchestrator") {
    const { startBrokerOrchestrator } = await import("./orchestrator.js");
    return await startBrokerOrchestrator(world);
  }
  const { startPeer } = await import("./peers.js");
  return await startPeer(name, world);
}
