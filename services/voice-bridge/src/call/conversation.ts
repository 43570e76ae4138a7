import type { PastTurn } from "../model/realtime-model.js";
import type { CallState } from "./call-state.js";

const TURNS_KEPT = 60;
const TEXT_KEPT = 2_000;

/** Keeps what was said, for a model session that takes up the talk. */
export function remember(state: CallState, turn: PastTurn): void {
  state.history.push({ ...turn, text: turn.text.slice(0, TEXT_KEPT) });
  if (state.history.length > TURNS_KEPT) state.history.shift();
}
