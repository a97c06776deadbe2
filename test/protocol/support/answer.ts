import type { Execution } from './request-log.js';

/** A message of the server, with the statement that it answers. */
export interface AnswerMessage {
  readonly code: string;
  readonly bytes: Buffer;
  readonly execution?: Execution;
}

/** Changes an answer, which ends with its ReadyForQuery. */
export type Rewriting = (answer: readonly AnswerMessage[], connection: number) => Buffer[];

/** Bytes that arrive at once, and the turns of the event loop that pass before. */
export interface Packet {
  readonly bytes: Buffer;
  readonly turns: number;
}

/** Lays an answer out in packets. */
export type Packing = (messages: readonly Buffer[]) => Packet[];

/** What a proxy does with the answers that pass through it. */
export interface Script {
  rewriting: Rewriting;
  packing: Packing;
  /** Whether answers wait for those that the client has asked for meanwhile, and arrive with them. */
  joinsAnswers: boolean;
}
