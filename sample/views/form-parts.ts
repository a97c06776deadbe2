import { html, type SafeHtml } from './html.js';

export const CSRF_FIELD = '_csrf';

export function csrfField(token: string): SafeHtml {
  return html`<input type="hidden" name="${CSRF_FIELD}" value="${token}" />`;
}

export interface Field {
  name: string;
  label: string;
  type: 'text' | 'password';
  autocomplete: string;
  hint?: string;
  problem?: string;
  value?: string;
  /** Further attributes, each as it stands in the markup. */
  attributes?: SafeHtml;
}

/** A labelled field that says what it takes, and what was wrong with what it got. */
export function field(options: Field): SafeHtml {
  const { name, label, type, autocomplete, hint, problem, value, attributes } = options;
  const notes = [hint && `${name}-hint`, problem && `${name}-problem`].filter(Boolean).join(' ');
  return html` <div class="field">
    <label for="${name}">${label}</label>
    <input
      id="${name}"
      name="${name}"
      type="${type}"
      autocomplete="${autocomplete}"
      required
      value="${value ?? ''}"
      ${notes && html`aria-describedby="${notes}"`}
      ${problem && html`aria-invalid="true"`}
      ${attributes}
    />
    ${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
    ${problem && html`<p class="problem" id="${name}-problem">${problem}</p>`}
  </div>`;
}
