/** Where a request waits until the test lets it go on. */
export class Gate {
  /** Resolves when somebody waits. */
  readonly entered: Promise<void>;
  private enter!: () => void;
  private readonly opened: Promise<void>;
  private letGo!: () => void;

  constructor() {
    this.entered = new Promise((resolve) => (this.enter = resolve));
    this.opened = new Promise((resolve) => (this.letGo = resolve));
  }

  pass(): Promise<void> {
    this.enter();
    return this.opened;
  }

  open(): void {
    this.letGo();
  }
}
