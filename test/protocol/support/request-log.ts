import { Backend, BodyReader, codeOf, MessageReader, type Column } from './messages.js';

/** One run of a statement that a client asked for. */
export interface Execution {
  readonly text: string;
  readonly values: readonly Column[];
}

const ENDS_AN_EXECUTION: readonly string[] = [
  Backend.COMMAND_COMPLETE,
  Backend.EMPTY_QUERY,
  Backend.PORTAL_SUSPENDED,
];

/** What a client asked for and was not yet answered, so that each answer is known by its statement. */
export class RequestLog {
  private readonly reader = new MessageReader(true);
  private readonly texts = new Map<string, string>();
  private readonly portals = new Map<string, Execution>();
  /** Each is answered up to a ReadyForQuery; the last one is not complete. Start-up is the first. */
  private readonly requests: Execution[][] = [[], []];
  /** Executions of the first request that were answered. */
  private answered = 0;

  /** Requests without the end of their answer. */
  get pending(): number {
    return this.requests.length - 1;
  }

  /** What the server is answering now. */
  get current(): Execution | undefined {
    const [first] = this.requests;
    return first[Math.min(this.answered, first.length - 1)];
  }

  readRequest(chunk: Buffer): void {
    for (const message of this.reader.read(chunk)) this.noteRequest(message);
  }

  noteAnswer(code: string): void {
    if (ENDS_AN_EXECUTION.includes(code)) this.answered += 1;
    if (code === Backend.READY_FOR_QUERY) {
      this.requests.shift();
      this.answered = 0;
    }
  }

  private noteRequest(message: Buffer): void {
    const body = new BodyReader(message);
    switch (codeOf(message)) {
      case 'P':
        this.texts.set(body.text(), body.text());
        break;
      case 'B':
        this.noteBind(body);
        break;
      case 'E':
        this.noteExecution(this.portals.get(body.text()) ?? { text: '', values: [] });
        break;
      case 'Q':
        this.noteExecution({ text: body.text(), values: [] });
        this.requests.push([]);
        break;
      case 'S':
        this.requests.push([]);
        break;
      default:
    }
  }

  private noteBind(body: BodyReader): void {
    const portal = body.text();
    const text = this.texts.get(body.text()) ?? '';
    body.list(() => body.int16());
    this.portals.set(portal, { text, values: body.list(() => body.column()) });
  }

  private noteExecution(execution: Execution): void {
    this.requests[this.requests.length - 1].push(execution);
  }
}
