import { NAME_PATTERN, PASSWORD_MAX, PASSWORD_MIN, type Problems } from '../auth/credentials.js';
import { csrfField, field } from './form-parts.js';
import { html, type SafeHtml } from './html.js';
import { layout } from './layout.js';
import { noticeBox } from './notices.js';

export interface CredentialsForm {
  action: '/sign-in' | '/sign-up';
  csrf: string;
  name?: string;
  /** Of the form as a whole. */
  error?: string;
  problems?: Problems;
  notice?: unknown;
}

/** Signing in and signing up: one form, with more or less said to it. */
export function credentialsPage(form: CredentialsForm): SafeHtml {
  const isNew = form.action === '/sign-up';
  const title = isNew ? 'Create an account' : 'Welcome back';
  return layout({
    title,
    body: html` <section class="card narrow">
      <h1>${title}</h1>
      ${noticeBox(form.notice)}
      ${form.error && html`<p class="notice bad" role="alert">${form.error}</p>`}
      <form method="post" action="${form.action}">
        ${csrfField(form.csrf)} ${nameField(form, isNew)} ${passwordField(form, isNew)}
        <button class="primary" type="submit">${isNew ? 'Create account' : 'Sign in'}</button>
      </form>
      ${
        isNew
          ? html`<p class="other">Have one already? <a href="/sign-in">Sign in</a></p>`
          : html`<p class="other">New here? <a href="/sign-up">Create an account</a></p>`
      }
    </section>`,
  });
}

function nameField({ name, problems }: CredentialsForm, isNew: boolean): SafeHtml {
  const rules = isNew && html`minlength="2" maxlength="32" pattern="${NAME_PATTERN}"`;
  return field({
    name: 'name',
    label: 'Name',
    type: 'text',
    autocomplete: 'username',
    value: name,
    problem: problems?.name,
    hint: isNew ? 'Letters, digits, dots, dashes and underscores.' : undefined,
    attributes: html`autocapitalize="none" spellcheck="false" ${rules}`,
  });
}

function passwordField({ problems }: CredentialsForm, isNew: boolean): SafeHtml {
  return field({
    name: 'password',
    label: 'Password',
    type: 'password',
    autocomplete: isNew ? 'new-password' : 'current-password',
    problem: problems?.password,
    hint: isNew ? `At least ${PASSWORD_MIN} characters. A few words make a good one.` : undefined,
    attributes: html`${isNew && html`minlength="${PASSWORD_MIN}" maxlength="${PASSWORD_MAX}"`}`,
  });
}
