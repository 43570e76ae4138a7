import { describe, expect, test } from "@jest/globals";
import { fitArguments, type Knowledge } from "./tool-arguments.js";

const known: Knowledge = {
  amount: 5000,
  currency: "RWF",
  name: "find_part",
  slots: { item: "tyre", place: "Remera" },
  code: { anyOf: ["completed", "resolved"] },
  queue: { anyOf: ["default"] },
  tags: ["tyre"],
};

function fit(properties: Record<string, unknown>, required: string[] = []) {
  return fitArguments(
    { name: "tool", parameters: { type: "object", properties, required } },
    known,
  );
}

describe("arguments of a tool call", () => {
  test("are given for the properties that the schema declares, and no others", () => {
    expect(
      fit({ amount: { type: "integer" }, currency: { type: "string" } }),
    ).toEqual({ amount: 5000, currency: "RWF" });
  });

  test("take the type that the schema wants", () => {
    expect(fit({ amount: { type: "string" } })).toEqual({ amount: "5000" });
    expect(fit({ amount: { type: ["null", "number"] } })).toEqual({
      amount: 5000,
    });
    expect(fit({ name: { type: "integer" } })).toEqual({});
    expect(fit({ tags: { type: "array", items: { type: "string" } } })).toEqual(
      {
        tags: ["tyre"],
      },
    );
  });

  test("stay within the schema's limits and lists", () => {
    expect(fit({ amount: { type: "integer", maximum: 100 } })).toEqual({});
    expect(fit({ currency: { enum: ["EUR"] } })).toEqual({});
    expect(
      fit({ code: { type: "string", enum: ["busy", "resolved"] } }),
    ).toEqual({ code: "resolved" });
    expect(fit({ queue: { type: "string", enum: ["sales"] } })).toEqual({
      queue: "sales",
    });
    expect(fit({ currency: { const: "RWF" } })).toEqual({ currency: "RWF" });
  });

  test("fit objects within objects", () => {
    const slots = { type: "object", properties: { item: { type: "string" } } };
    expect(fit({ slots })).toEqual({ slots: { item: "tyre" } });
    expect(fit({ slots: { type: "object" } })).toEqual({
      slots: { item: "tyre", place: "Remera" },
    });
  });

  test("are none when something required is not known: nothing is made up", () => {
    expect(
      fit({ amount: { type: "integer" }, phone: { type: "string" } }, [
        "phone",
      ]),
    ).toBeUndefined();
  });

  test("of a tool without parameters are empty", () => {
    expect(fitArguments({ name: "ping" }, known)).toEqual({});
  });
});
