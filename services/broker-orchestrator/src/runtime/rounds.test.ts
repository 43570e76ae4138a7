import { describe, expect, test } from "@jest/globals";
import { Rounds, type Round } from "./rounds.js";
import type { Step } from "./slots.js";

const itself = (key: string): string => key;

function step(...keys: string[]): Step {
  return {
    tenantId: "kigali-parts",
    keys,
    apply: () => undefined,
    stored: () => undefined,
  };
}

function begun(rounds: Rounds, max = 100): Round {
  const round = rounds.begin(max);
  if (round === undefined) throw new Error("there is nothing to begin");
  return round;
}

function pushed(rounds: Rounds, ...steps: Step[]): Step[] {
  for (const one of steps) rounds.push(one);
  return steps;
}

describe("rounds", () => {
  test("have several steps of one person together, in order", () => {
    const rounds = new Rounds();
    const steps = pushed(rounds, step("a"), step("b"), step("a"));
    expect(begun(rounds).steps).toEqual(steps);
    expect(rounds.begin(100)).toBeUndefined();
  });

  test("have as many as they may, and leave the rest", () => {
    const rounds = new Rounds();
    const [a, b, c] = pushed(rounds, step("a"), step("b"), step("c"));
    expect(begun(rounds, 2).steps).toEqual([a, b]);
    expect(begun(rounds, 2).steps).toEqual([c]);
    expect(rounds.atWork).toBe(2);
  });

  test("begin beside others without the persons whom those are at", () => {
    const rounds = new Rounds();
    pushed(rounds, step("a"));
    const first = begun(rounds);
    const [again, b] = pushed(rounds, step("a"), step("b"));
    expect(begun(rounds).steps).toEqual([b]);
    rounds.end(first);
    const [later] = pushed(rounds, step("a"));
    expect(begun(rounds).steps).toEqual([again, later]);
  });

  test("let nobody overtake a step that waits, by any of its names", () => {
    const rounds = new Rounds();
    pushed(rounds, step("phone"));
    const first = begun(rounds);
    const [both, user] = pushed(rounds, step("phone", "user"), step("user"));
    expect(rounds.begin(100)).toBeUndefined();
    rounds.end(first);
    expect(begun(rounds).steps).toEqual([both, user]);
  });

  test("wait with a step that joins persons of two rounds, and with all behind it", () => {
    const rounds = new Rounds();
    pushed(rounds, step("a"));
    const first = begun(rounds);
    pushed(rounds, step("b"));
    const second = begun(rounds);
    const [both, c] = pushed(rounds, step("a", "b"), step("c"));
    expect(rounds.begin(100)).toBeUndefined();
    rounds.end(first);
    // Now it waits for the second alone, and nobody else for it.
    expect(begun(rounds).steps).toEqual([c]);
    rounds.end(second);
    expect(begun(rounds).steps).toEqual([both]);
  });

  test("leave it to another what turns out to be of a person whom that one is at", () => {
    const rounds = new Rounds();
    pushed(rounds, step("phone"));
    const first = begun(rounds);
    rounds.resolve(first, itself);
    const [user, b] = pushed(rounds, step("user"), step("b"));
    const second = begun(rounds);
    expect(second.steps).toEqual([user, b]);
    rounds.resolve(second, (key) => (key === "user" ? "phone" : key));
    expect(second.steps).toEqual([b]);
    const [more] = pushed(rounds, step("user"));
    expect(rounds.begin(100)).toBeUndefined();
    rounds.end(second);
    rounds.end(first);
    expect(begun(rounds).steps).toEqual([user, more]);
    expect(rounds.size).toBe(0);
  });

  test("keep others from where their keys turned out to lead", () => {
    const rounds = new Rounds();
    pushed(rounds, step("user"));
    const first = begun(rounds);
    rounds.resolve(first, () => "phone");
    const [phone] = pushed(rounds, step("phone"));
    expect(rounds.begin(100)).toBeUndefined();
    rounds.end(first);
    expect(begun(rounds).steps).toEqual([phone]);
  });
});
