import { expect, test } from "vitest";
import { player } from "./video";

test("the players of known sites are found by every form of an address", () => {
  const tube = { kind: "player", address: "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ" };
  for (const address of ["https://youtu.be/dQw4w9WgXcQ?t=3", "https://www.youtube.com/watch?v=dQw4w9WgXcQ", "https://m.youtube.com/embed/dQw4w9WgXcQ"]) {
    expect(player(address), address).toEqual(tube);
  }
  expect(player("https://vimeo.com/channels/staff/12345")?.address).toBe("https://player.vimeo.com/video/12345?dnt=1");
  expect(player("https://files.example.org/a.MP4?x=1")).toEqual({ kind: "file", address: "https://files.example.org/a.MP4?x=1" });
});

test("anything else is only a link", () => {
  for (const address of ["https://example.org/a", "http://youtu.be/dQw4w9WgXcQ", "https://www.youtube.com/watch?v=../../x", "https://youtube.com.evil.org/watch?v=dQw4w9WgXcQ", "javascript:1", "x"]) {
    expect(player(address), address).toBeNull();
  }
});
