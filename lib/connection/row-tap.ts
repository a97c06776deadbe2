import type { Duplex } from 'node:stream';

/** Every message of PostgreSQL's protocol begins with its code and its length, which counts itself. */
const CODE_BYTES = 1;
const HEADER_BYTES = 5;
const DATA_ROW = 0x44;
const READY_FOR_QUERY = 0x5a;

/** Takes the rows of one statement. */
export interface RowTaker {
  /** @param at where the row begins in `chunk`, behind the header of its message. */
  takeRow(chunk: Buffer, at: number): void;
}

type DataListener = (chunk: Buffer) => void;

/**
 * Takes the rows of our statements out of what a connection receives, before the driver makes strings of
 * them: it decodes every column as UTF-8, which binary values do not survive. The driver gets all other
 * messages. Sits on the stream only while statements of ours are under way.
 */
export class RowTap {
  /** The statements that were sent and not answered to their end, in their order. */
  private readonly expected: RowTaker[] = [];
  private listeners: DataListener[] = [];
  /** The beginning of a message, until there is enough of it. */
  private held: Buffer[] = [];
  private heldBytes = 0;
  private neededBytes = 0;
  /** Bytes still to come of a message that is the driver's. */
  private passing = 0;

  constructor(private readonly stream: Duplex) {}

  /** The next answers are those of a statement that was sent. */
  expect(taker: RowTaker): void {
    if (this.expected.length === 0) {
      this.listeners = this.stream.listeners('data') as DataListener[];
      this.listeners.forEach((listener) => this.stream.off('data', listener));
      this.stream.on('data', this.receive);
    }
    this.expected.push(taker);
  }

  private readonly receive = (received: Buffer): void => {
    let chunk = received;
    if (this.heldBytes > 0) {
      this.held.push(chunk);
      this.heldBytes += chunk.length;
      if (this.heldBytes < this.neededBytes) {
        return;
      }
      chunk = Buffer.concat(this.held, this.heldBytes);
      this.held = [];
      this.heldBytes = 0;
    }
    this.read(chunk);
  };

  private read(chunk: Buffer): void {
    let at = Math.min(this.passing, chunk.length);
    this.passing -= at;
    let passed = 0;
    while (at + HEADER_BYTES <= chunk.length) {
      const code = chunk[at];
      const end = at + CODE_BYTES + chunk.readUInt32BE(at + CODE_BYTES);
      if (code !== DATA_ROW && code !== READY_FOR_QUERY) {
        this.passing = Math.max(end - chunk.length, 0);
        at = Math.min(end, chunk.length);
        continue;
      }
      this.pass(chunk, passed, at);
      passed = at;
      if (end > chunk.length) {
        this.hold(chunk.subarray(at), end - at);
        return;
      }
      if (code === DATA_ROW) {
        this.expected[0].takeRow(chunk, at + HEADER_BYTES);
      } else {
        this.pass(chunk, at, end);
        this.expected.shift();
        if (this.expected.length === 0) {
          this.leave();
          this.pass(chunk, end, chunk.length);
          return;
        }
      }
      passed = end;
      at = end;
    }
    this.pass(chunk, passed, at);
    if (at < chunk.length) {
      this.hold(chunk.subarray(at), HEADER_BYTES);
    }
  }

  private pass(chunk: Buffer, from: number, to: number): void {
    if (to > from) {
      const part = from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to);
      this.listeners.forEach((listener) => listener.call(this.stream, part));
    }
  }

  private hold(part: Buffer, needed: number): void {
    this.held.push(part);
    this.heldBytes = part.length;
    this.neededBytes = needed;
  }

  private leave(): void {
    this.stream.off('data', this.receive);
    this.listeners.forEach((listener) => this.stream.on('data', listener));
  }
}
