import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sliceMember, sliceMemberOfEach, sliceMemberOfEachIn, sliceRoot } from "./json-slices.ts";

const HARD = [
  "9007199254740993",
  "1.10",
  "-0",
  "1e400",
  '"\\u0000"',
  '"\\ud800"',
  '{"__proto__":{"a":1}}',
  `${"[".repeat(60)}${"]".repeat(60)}`,
  '"\u2028\u2029"',
  '{"2":0,"1":0,"a":0}',
  '{"data":{"data":1}}',
  '"}{][\\"\\\\"',
  '"\\\\"',
  "[1 ,\t2]",
  "null",
  '{"a":1,"a":2}',
];

/** Any JSON text, with white space where JSON allows it. */
const jsonText = fc
  .tuple(fc.json({ maxDepth: 4 }), fc.constantFrom(undefined, 1, "\t", "  \t"))
  .map(([text, space]) => JSON.stringify(JSON.parse(text), null, space));
const dataText = fc.oneof(jsonText, fc.constantFrom(...HARD));
const spelledData = fc.constantFrom('"data"', '"d\\u0061ta"', '"\\u0064ata"');
const space = fc.constantFrom("", " ", "\n", "\r\n\t", "  ");
const otherMember = fc.tuple(
  fc.string().filter((name) => name !== "data" && name !== "events" && name !== "__proto__"),
  jsonText,
);

const member = fc.tuple(
  fc.oneof(
    spelledData,
    otherMember.map(([name]) => JSON.stringify(name)),
  ),
  dataText,
  space,
);
const object = fc
  .array(member, { maxLength: 6 })
  .map((members) => `{${members.map(([name, value, gap]) => `${gap}${name}${gap}:${gap}${value}${gap}`).join(",")}}`);

/** What must hold: the slice is what the parser sees under that member, and it has no line break. */
function holds(slice: { text: string } | null, parsed: Record<string, unknown>): void {
  if (!Object.hasOwn(parsed, "data")) {
    expect(slice).toBeNull();
    return;
  }
  expect(slice?.text).not.toMatch(/[\r\n]/);
  expect(JSON.parse(slice?.text ?? "")).toEqual(parsed.data);
}

describe("slices", () => {
  it("are the value that JSON.parse sees, whatever stands around it", () => {
    fc.assert(fc.property(object, (text) => holds(sliceMember(text, "data"), JSON.parse(text))));
  });

  it("come one for each element of an array", () => {
    fc.assert(
      fc.property(fc.array(object, { maxLength: 5 }), space, (objects, gap) => {
        const text = `${gap}[${objects.join(`${gap},${gap}`)}${gap}]${gap}`;
        const parsed = JSON.parse(text) as Record<string, unknown>[];
        const slices = sliceMemberOfEach(text, "data");
        expect(slices).toHaveLength(parsed.length);
        parsed.forEach((it, index) => {
          holds(slices[index] ?? null, it);
        });
      }),
    );
  });

  it("come one for each element of a list, the last of several lists of that name", () => {
    const list = fc.array(object, { maxLength: 3 }).map((it) => `[${it.join(",")}]`);
    fc.assert(
      fc.property(fc.array(list, { minLength: 1, maxLength: 3 }), object, (lists, between) => {
        const text = `{${lists.map((it) => `"data":${between},"events":${it}`).join(",")}}`;
        const parsed = (JSON.parse(text) as { events: Record<string, unknown>[] }).events;
        const slices = sliceMemberOfEachIn(text, "events", "data");
        expect(slices).toHaveLength(parsed.length);
        parsed.forEach((it, index) => {
          holds(slices[index] ?? null, it);
        });
      }),
    );
  });

  it("splice back into a document of the same value", () => {
    fc.assert(
      fc.property(dataText, (data) => {
        const slice = sliceMember(`{"type":"a","data": ${data} }`, "data");
        expect(JSON.parse(`{"data":${slice?.text}}`)).toEqual(JSON.parse(`{"data":${data}}`));
      }),
    );
  });

  it.each(HARD)("keep every character of %s", (data) => {
    expect(sliceMember(`{"data":${data}}`, "data")?.text).toBe(data);
    expect(sliceMember(` { "a" : "data" , "data" : ${data} , "b":{"data":0}}`, "data")?.text).toBe(data);
    expect(sliceRoot(`\n ${data}\n`).text).toBe(data);
  });

  it("lose line breaks between tokens with the indentation behind them, and nothing else", () => {
    expect(sliceMember('{"data":{\r\n\t"a": "x\\n y",\n  "b":[ 1,\n2 ]\n}}', "data")?.text).toBe(
      '{"a": "x\\n y","b":[ 1,2 ]}',
    );
  });

  it("count the levels of their own nesting", () => {
    const depth = (data: string) => sliceMember(`{"x":[[[[[]]]]],"data":${data}}`, "data")?.depth;
    expect([
      depth("1"),
      depth("[]"),
      depth('{"a":[{}],"b":[]}'),
      depth(`${"[".repeat(513)}${"]".repeat(513)}`),
    ]).toEqual([0, 1, 3, 513]);
  });
});
