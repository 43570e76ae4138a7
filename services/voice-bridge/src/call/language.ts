import { z } from "zod";

/** The languages that the bridge itself speaks. */
export const language = z.enum(["en", "fr", "rw", "sw"]);
export type Language = z.infer<typeof language>;

export function isLanguage(value: string | undefined): value is Language {
  return language.safeParse(value).success;
}
