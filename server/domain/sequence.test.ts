import { describe, expect, it } from "vitest";
import { sequenceName } from "./sequence.ts";

describe("the name of a sequence", () => {
  it("is the key's, of a consumer that is ordered by key", () => {
    expect(sequenceName({ key: "o7", offset: 3 }, { ordering: "key", partition: 2 })).toBe("ko7");
  });

  it("is the event's own where it has no key, and no key can be mistaken for it", () => {
    expect(sequenceName({ key: null, offset: 7 }, { ordering: "key", partition: 2 })).toBe("o7");
  });

  it("is the partition's, of a consumer whose order is the topic's", () => {
    expect(sequenceName({ key: "a", offset: 3 }, { ordering: "topic", partition: 2 })).toBe("p2");
    expect(sequenceName({ key: null, offset: 4 }, { ordering: "topic", partition: 2 })).toBe("p2");
  });
});
