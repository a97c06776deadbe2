import type { Packet, Packing } from './answer.js';
import { Backend, codeOf } from './messages.js';

/** After one turn the client may not have read yet: the second begins with its look at the sockets. */
const TURNS_BETWEEN_PACKETS = 2;

export const inOnePacket: Packing = (messages) => [{ bytes: Buffer.concat(messages), turns: 0 }];

/** Cuts at each of its offsets in turn, and knows how far there is something to cut. */
export class Splitter {
  /** Of what was cut, the longest, in bytes. */
  longest = 0;
  private cuts = 0;

  constructor(public offset = 1) {}

  /** Runs a pass for every offset at which something can be cut. */
  async walk(pass: (offset: number) => Promise<void>, stride = 1): Promise<void> {
    let passes = 0;
    do {
      await pass(this.offset);
      passes += 1;
      this.offset += stride;
    } while (this.offset < this.longest);
    if (this.cuts < passes / 2) throw new Error(`${passes} passes, and ${this.cuts} cuts`);
  }

  /** Cuts a whole answer in two. */
  readonly cutAnswer: Packing = (messages) => this.cut(Buffer.concat(messages));

  /** Cuts every message of an answer in two; its end arrives with the beginning of the next one. */
  readonly cutMessages: Packing = (messages) => {
    const packets: Packet[] = [];
    let end: Buffer = Buffer.alloc(0);
    for (const message of messages) {
      const [first, second] = this.cut(message);
      packets.push({ ...first, bytes: Buffer.concat([end, first.bytes]) });
      end = second?.bytes ?? Buffer.alloc(0);
    }
    packets.push({ bytes: end, turns: TURNS_BETWEEN_PACKETS });
    return packets.filter(({ bytes }) => bytes.length > 0);
  };

  private cut(bytes: Buffer): Packet[] {
    this.longest = Math.max(this.longest, bytes.length);
    if (this.offset >= bytes.length) return [{ bytes, turns: TURNS_BETWEEN_PACKETS }];
    this.cuts += 1;
    return [
      { bytes: bytes.subarray(0, this.offset), turns: TURNS_BETWEEN_PACKETS },
      { bytes: bytes.subarray(this.offset), turns: TURNS_BETWEEN_PACKETS },
    ];
  }
}

/** The ways to cut, for `it.each`. */
export const CUTS = [
  { what: 'every answer', cutWith: (splitter: Splitter) => splitter.cutAnswer },
  { what: 'every message', cutWith: (splitter: Splitter) => splitter.cutMessages },
];

/** Holds back what comes behind an error, ReadyForQuery among it, for some turns of the event loop. */
export function holdBehindErrors(turns: number): Packing {
  return (messages) => {
    const end = messages.findIndex((message) => codeOf(message) === Backend.ERROR) + 1;
    if (end === 0) return inOnePacket(messages);
    return [
      { bytes: Buffer.concat(messages.slice(0, end)), turns: 0 },
      { bytes: Buffer.concat(messages.slice(end)), turns },
    ];
  };
}
