import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answer } from "./answers";
import { Autosave, type SaveResult, type SaveState, type Shelf } from "./autosave";

function shelf(content: Answer[] = []): Shelf & { content: Answer[] } {
  return {
    content,
    read() {
      return this.content;
    },
    write(answers) {
      this.content = answers;
    },
  };
}

const text = (id: string, words: string): Answer => ({ question_id: id, text: words });

/** A server that keeps what has a higher sequence, as ours does. */
class Server {
  sequence = 0;
  down = false;
  closed = false;
  kept = new Map<string, Answer>();
  requests: number[] = [];
  send = async (answers: Answer[], sequence: number): Promise<SaveResult> => {
    this.requests.push(sequence);
    if (this.down) throw new TypeError("network");
    if (this.closed) return { kind: "closed" };
    if (sequence <= this.sequence) return { kind: "answered", saved: 0, sequence: this.sequence };
    this.sequence = sequence;
    for (const answer of answers) this.kept.set(answer.question_id, answer);
    return { kind: "answered", saved: answers.length, sequence };
  };
}

let told: SaveState[] = [];
const tell = (state: SaveState) => void told.push(state);
beforeEach(() => {
  told = [];
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

test("what is typed in one go is one request with the last words", async () => {
  const server = new Server();
  const saving = new Autosave(server.send, 0, shelf(), tell);
  for (const words of ["a", "ab", "abc"]) saving.put(text("q", words));
  await vi.advanceTimersByTimeAsync(1000);
  expect(server.requests).toEqual([1]);
  expect(server.kept.get("q")?.text).toBe("abc");
  expect(told.at(-1)).toBe("saved");
});

test("a cut of 30 seconds loses nothing, and the shelf holds it meanwhile", async () => {
  const server = new Server();
  const here = shelf();
  const saving = new Autosave(server.send, 0, here, tell);
  server.down = true;
  saving.put(text("q", "written offline"));
  await vi.advanceTimersByTimeAsync(30_000);
  expect(told.at(-1)).toBe("offline");
  expect(here.content).toHaveLength(1);
  server.down = false;
  await vi.advanceTimersByTimeAsync(16_000);
  expect(server.kept.get("q")?.text).toBe("written offline");
  expect(here.content).toEqual([]);
  expect(told.at(-1)).toBe("saved");
});

test("what waited at a reload is sent by the next page", async () => {
  const server = new Server();
  server.sequence = 7;
  const saving = new Autosave(server.send, 7, shelf([text("q", "left over")]), tell);
  await vi.advanceTimersByTimeAsync(10);
  expect(server.kept.get("q")?.text).toBe("left over");
  expect(saving.waiting).toEqual([]);
});

test("a tab that is behind another one goes above its sequence, and the last answer given stands", async () => {
  const server = new Server();
  const one = new Autosave(server.send, 0, shelf(), tell);
  const other = new Autosave(server.send, 0, shelf(), tell);
  for (const words of ["1", "2", "3"]) {
    one.put(text("q", words));
    await one.flush();
  }
  other.put(text("q", "from the other tab"));
  await other.flush();
  await vi.advanceTimersByTimeAsync(10);
  expect(server.kept.get("q")?.text).toBe("from the other tab");
  expect(other.waiting).toEqual([]);
});

test("an answer changed while it is on its way is sent again", async () => {
  const server = new Server();
  let release: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slow = async (answers: Answer[], sequence: number) => {
    await gate;
    return server.send(answers, sequence);
  };
  const saving = new Autosave(slow, 0, shelf(), tell);
  saving.put(text("q", "first"));
  await vi.advanceTimersByTimeAsync(500);
  saving.put(text("q", "second"));
  release();
  await vi.advanceTimersByTimeAsync(1000);
  expect(server.kept.get("q")?.text).toBe("second");
});

test("handing in waits for the save on its way and has none beside it", async () => {
  const server = new Server();
  const saving = new Autosave(server.send, 0, shelf(), tell);
  server.down = true;
  saving.put(text("q", "offline"));
  await vi.advanceTimersByTimeAsync(500);
  const refused = saving.handOver(() => Promise.reject(new TypeError("network")));
  await expect(refused).rejects.toThrow("network");
  server.down = false;
  let saves = 0;
  const handed = saving.handOver(async (waiting) => {
    saves = server.requests.length;
    saving.put(text("r", "typed meanwhile"));
    await vi.advanceTimersByTimeAsync(30_000);
    server.closed = true;
    return waiting;
  });
  expect(await handed).toEqual([]);
  expect(server.kept.get("q")?.text).toBe("offline");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.requests).toHaveLength(saves);
  expect(told).not.toContain("closed");
});

test("a closed attempt is told and nothing more is sent", async () => {
  const server = new Server();
  server.closed = true;
  const saving = new Autosave(server.send, 0, shelf(), tell);
  saving.put(text("q", "too late"));
  await vi.advanceTimersByTimeAsync(1000);
  saving.put(text("q", "again"));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told.at(-1)).toBe("closed");
  expect(server.requests).toHaveLength(1);
});
