import { textOf, type Form } from '../http/form.js';

export interface Credentials {
  name: string;
  password: string;
}

/** What a form says is wrong, by field; empty: nothing. */
export type Problems = Partial<Record<keyof Credentials, string>>;

export const NAME_PATTERN = '[A-Za-z0-9][A-Za-z0-9._\\-]{1,31}';
export const PASSWORD_MIN = 10;
export const PASSWORD_MAX = 200;

const NAME = new RegExp(`^${NAME_PATTERN}$`);

export function isName(text: string): boolean {
  return NAME.test(text);
}

/** Names are told apart without regard to case. */
export function credentialsOf(form: Form): Credentials {
  return { name: textOf(form, 'name').trim().toLowerCase(), password: textOf(form, 'password') };
}

export function problemsOf({ name, password }: Credentials): Problems {
  return {
    ...(isName(name) ? {} : { name: 'Use 2 to 32 letters, digits, dots, dashes or underscores.' }),
    ...passwordProblem(name, password),
  };
}

function passwordProblem(name: string, password: string): Problems {
  if (password.length < PASSWORD_MIN) {
    return {
      password: `Use at least ${PASSWORD_MIN} characters; a few words are easy to remember.`,
    };
  }
  if (password.length > PASSWORD_MAX) {
    return { password: `Use at most ${PASSWORD_MAX} characters.` };
  }
  return password.toLowerCase() === name ? { password: 'Use something other than your name.' } : {};
}
