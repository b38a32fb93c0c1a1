import type { Answer } from "./answers";

export type SaveState = "saved" | "saving" | "offline" | "closed";

/** What a save comes to: kept (or outrun by another tab), refused because the attempt is closed, or not delivered. */
export type SaveResult =
  | { kind: "answered"; saved: number; sequence: number }
  | { kind: "closed" }
  | { kind: "undelivered" };

type Send = (answers: Answer[], sequence: number) => Promise<SaveResult>;

/** Where answers wait that the server does not have yet, so that a reload does not lose them. */
export interface Shelf {
  read(): Answer[];
  write(answers: Answer[]): void;
}

interface Timing {
  pause: number;
  firstRetry: number;
  longestRetry: number;
}

const TIMING: Timing = { pause: 400, firstRetry: 1000, longestRetry: 15_000 };

/**
 * Saves the answers of one attempt as they are given: one request at a time, newest answers only, again until it is
 * delivered. Each request has a higher sequence than the one before, so that one that comes late changes nothing.
 */
export class Autosave {
  #waiting = new Map<string, Answer>();
  #sequence: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | null = null;
  #retry: number;
  #stopped = false;
  #held = false;
  readonly #send: Send;
  readonly #shelf: Shelf;
  readonly #tell: (state: SaveState) => void;
  readonly #timing: Timing;

  constructor(send: Send, sequence: number, shelf: Shelf, tell: (state: SaveState) => void, timing: Timing = TIMING) {
    this.#send = send;
    this.#sequence = sequence;
    this.#shelf = shelf;
    this.#tell = tell;
    this.#timing = timing;
    this.#retry = timing.firstRetry;
    for (const answer of shelf.read()) this.#waiting.set(answer.question_id, answer);
    if (this.#waiting.size > 0) this.#later(0);
  }

  /** Answers that the server has not confirmed. */
  get waiting(): Answer[] {
    return [...this.#waiting.values()];
  }

  /** An answer was given or changed. */
  put(answer: Answer): void {
    if (this.#stopped) return;
    this.#waiting.set(answer.question_id, answer);
    this.#shelf.write(this.waiting);
    this.#tell("saving");
    if (!this.#running) this.#later(this.#timing.pause);
  }

  /** Send what waits now, and wait for the answer of what is on its way. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#running) await this.#running;
    if (this.#waiting.size > 0 && !this.#stopped) await this.#run();
  }

  /** Try again at once: the network is back. */
  wake(): void {
    if (this.#waiting.size > 0 && !this.#running) this.#later(0);
  }

  /** Send nothing more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /**
   * Hand in what still waits, by `send`, with no save beside it that would come too late. Where that fails, saving goes
   * on.
   */
  async handOver<T>(send: (waiting: Answer[]) => Promise<T>): Promise<T> {
    await this.flush();
    this.#held = true;
    clearTimeout(this.#timer);
    try {
      const result = await send(this.waiting);
      this.finish();
      return result;
    } finally {
      this.#held = false;
      if (this.#waiting.size > 0) this.#later(0);
    }
  }

  /** The attempt was handed in: nothing waits any more. */
  finish(): void {
    this.stop();
    this.#waiting.clear();
    this.#shelf.write([]);
  }

  #later(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (!this.#stopped && !this.#held) this.#timer = setTimeout(() => void this.#run(), milliseconds);
  }

  #run(): Promise<void> {
    this.#running = this.#once().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #once(): Promise<void> {
    const sent = this.waiting;
    if (sent.length === 0) return;
    const sequence = ++this.#sequence;
    const result = await this.#send(sent, sequence).catch((): SaveResult => ({ kind: "undelivered" }));
    if (result.kind === "closed") {
      this.finish();
      this.#tell("closed");
      return;
    }
    if (result.kind === "undelivered") {
      this.#tell("offline");
      this.#later(this.#retry);
      this.#retry = Math.min(this.#retry * 2, this.#timing.longestRetry);
      return;
    }
    this.#retry = this.#timing.firstRetry;
    this.#sequence = Math.max(this.#sequence, result.sequence);
    // Another tab was ahead and nothing was taken: what was given here last goes again, above its sequence.
    const outrun = result.sequence > sequence || result.saved === 0;
    if (!outrun) for (const answer of sent) if (this.#waiting.get(answer.question_id) === answer) this.#waiting.delete(answer.question_id);
    this.#shelf.write(this.waiting);
    if (this.#waiting.size > 0) this.#later(outrun ? 0 : this.#timing.pause);
    else this.#tell("saved");
  }
}
