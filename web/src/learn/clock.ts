/** The server's clock as far as this browser knows it: its own clock and by how much the two differ. */
export class ServerClock {
  #ahead = 0;

  /** Learn from an answer: what the server's clock said, and when the request left and the answer came. */
  learn(serverTime: string, sentAt: number, receivedAt: number): void {
    this.#ahead = Date.parse(serverTime) - (sentAt + receivedAt) / 2;
  }

  /** Milliseconds until `deadline`, by the server's clock; never below 0. */
  left(deadline: string, now: number): number {
    return Math.max(0, Date.parse(deadline) - (now + this.#ahead));
  }
}

/** `1:02:09`, `4:05`: how long is left, rounded up so that 0:00 means that it is over. */
export function spell(milliseconds: number): string {
  const all = Math.ceil(milliseconds / 1000);
  const seconds = String(all % 60).padStart(2, "0");
  const minutes = Math.floor(all / 60) % 60;
  const hours = Math.floor(all / 3600);
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}
