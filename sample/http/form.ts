import { HttpException } from '@nestjs/common';
import type { SafeHtml } from '../views/html.js';

/** A form as it came in: nothing is known of it but that it may be anything. */
export type Form = Record<string, unknown> | undefined;

/** The text of a field; '' where it is missing or given more than once. */
export function textOf(form: Form, field: string): string {
  const value = form?.[field];
  return typeof value === 'string' ? value : '';
}

/** Answers with the form again, saying what is wrong with it. */
export class FormRefused extends HttpException {
  constructor(
    status: number,
    readonly page: SafeHtml,
    /** Seconds. */
    readonly retryAfter?: number,
  ) {
    super('The form was refused', status);
  }
}
