import { parsing } from "./json-translation.js";
import { startRelay } from "./relay.js";
import { splicing, splicingWithMarks } from "./splicing.js";
import type { Subject, SubjectName, SubjectWorld } from "./subject.js";

export async function startSubject(
  name: SubjectName,
  world: SubjectWorld,
): Promise<Subject> {
  switch (name) {
    case "splice-relay":
      return await startRelay(world, splicing());
    case "marking-relay":
      return await startRelay(world, splicingWithMarks());
    case "json-relay":
      return await startRelay(world, parsing());
    case "voice-bridge": {
      // Only here, so that a relay's memory is the relay's alone.
      const { startVoiceBridge } = await import("./voice-bridge.js");
      return await startVoiceBridge(world);
    }
  }
}
