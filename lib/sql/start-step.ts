import { PostgresSessionError } from '../postgres-session.errors.js';
import { messageOf } from '../utils/errors.js';
import { watched } from '../utils/timers.js';
import { isConnectionLost } from './sql-state.js';

export interface AnswerBound {
  /** Milliseconds within which every step but `create_index` is answered; else the server is out of reach. */
  readonly answerTimeout: number;
  /** Called when a step was not; ends the connection. */
  readonly onUnanswered: () => void;
}

/** Wraps what a start that lost its connection fails with, if it is not tried again. */
export class InterruptedError extends Error {
  constructor(readonly told: PostgresSessionError) {
    super(told.message, { cause: told });
  }
}

/** A step of the start, as its failure tells of it. */
export interface StartStep {
  readonly title: string;
  readonly phase?: string;
}

/**
 * Runs a step of the start against the database.
 *
 * @param bound `undefined` for a step that takes as long as it takes.
 */
export async function runStep<T>(
  bound: AnswerBound | undefined,
  { title, phase }: StartStep,
  action: () => Promise<T>,
): Promise<T> {
  let isLate = false;
  const onLate = (): void => {
    isLate = true;
    bound?.onUnanswered();
  };
  try {
    return await (bound === undefined ? action() : watched(bound.answerTimeout, onLate, action));
  } catch (cause) {
    if (isLate) {
      const told = `${title}: the server did not answer within ${bound?.answerTimeout} ms`;
      throw new InterruptedError(new PostgresSessionError('ERR_CONNECT', told, { cause, phase }));
    }
    if (!(cause instanceof PostgresSessionError) && isConnectionLost(cause)) {
      const told = `${title}: ${messageOf(cause)}`;
      throw new InterruptedError(
        new PostgresSessionError('ERR_SCHEMA_INIT', told, { cause, phase }),
      );
    }
    throw cause;
  }
}
