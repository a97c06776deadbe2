/** A database server that the benchmark started. */
export interface Server {
  readonly url: string;
  /** Of the process whose CPU time, with that of its children, is the server's. */
  readonly pid: number;
  stop(): Promise<void>;
}
