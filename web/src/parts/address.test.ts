import { describe, expect, it } from "vitest";
import { readSearch } from "./address";

describe("the address", () => {
  it("keeps all that is chosen as text", () => {
    expect(readSearch("?in_force=false&overdue=true&user_id=1200&q=Zo%C3%AB+A")).toEqual({ in_force: "false", overdue: "true", user_id: "1200", q: "Zoë A" });
    expect(readSearch("")).toEqual({});
  });
});
