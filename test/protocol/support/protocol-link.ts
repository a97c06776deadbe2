import type { Socket } from 'node:net';
import { turns } from './turns.js';
import type { AnswerMessage, Packet, Script } from './answer.js';
import { Backend, codeOf, MessageReader } from './messages.js';
import { RequestLog } from './request-log.js';

/** One client's connection and the server's behind it: knows both sides' messages and what they answer. */
export class ProtocolLink {
  private readonly requests = new RequestLog();
  private readonly answers = new MessageReader(false);
  private isStarted = false;
  /** The answer that is not complete. */
  private collected: AnswerMessage[] = [];
  /** The rest of a message whose beginning the client has. */
  private owed: Buffer = Buffer.alloc(0);
  private delivered = Promise.resolve();

  constructor(
    private readonly number: number,
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly script: Readonly<Script>,
  ) {
    client.on('data', (chunk: Buffer) => {
      this.requests.readRequest(chunk);
      server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      for (const message of this.answers.read(chunk)) this.take(message);
    });
    // A side that is gone takes the other with it, once that has what was said before.
    client.on('error', () => undefined).on('close', () => server.destroy());
    server.on('error', () => undefined).on('close', () => this.endClient());
  }

  /** The client gets the beginning of a message now, and the rest with the next answer. */
  beginMessage(message: Buffer, bytes: number): void {
    this.send([{ bytes: message.subarray(0, bytes), turns: 0 }]);
    this.owed = message.subarray(bytes);
  }

  destroy(): void {
    this.client.destroy();
    this.server.destroy();
  }

  private take(bytes: Buffer): void {
    const code = codeOf(bytes);
    this.collected.push({ code, bytes, execution: this.requests.current });
    this.requests.noteAnswer(code);
    if (code === Backend.READY_FOR_QUERY && this.script.joinsAnswers && this.requests.pending > 0) {
      return;
    }
    const ends = code === Backend.READY_FOR_QUERY || code === Backend.AUTHENTICATION;
    if (ends || this.requests.pending === 0) this.flush();
    this.isStarted ||= code === Backend.READY_FOR_QUERY;
  }

  private flush(): void {
    const { collected, owed } = this;
    if (collected.length === 0) return;
    const messages = this.isStarted
      ? this.script.rewriting(collected, this.number)
      : collected.map(({ bytes }) => bytes);
    this.collected = [];
    this.owed = Buffer.alloc(0);
    this.send(this.script.packing(owed.length > 0 ? [owed, ...messages] : messages));
  }

  private send(packets: Packet[]): void {
    this.delivered = this.delivered.then(() => this.deliver(packets));
  }

  private async deliver(packets: Packet[]): Promise<void> {
    for (const packet of packets) {
      await turns(packet.turns);
      if (packet.bytes.length > 0 && this.client.writable) this.client.write(packet.bytes);
    }
  }

  private endClient(): void {
    this.flush();
    void this.delivered.then(() => this.client.end());
  }
}
