import { expect, test } from "vitest";
import { indentJson, memberText, parseEvent } from "./event-json.ts";

test("indenting changes no digit, no key order and no escape", () => {
  const text = '{"b":9007199254740993,"a":[1.10,-0,1e400],"t":"a{\\"b\\",[\\u0000","e":{},"l":[]}';
  const indented = indentJson(text);
  expect(indented.replaceAll(/\n\s*/g, "").replaceAll('": ', '":')).toBe(text);
  expect(indented.split("\n")).toContain('  "b": 9007199254740993,');
});

test("the data of an event is cut out as it was written", () => {
  const text = '{"id":"data","x":{"data":1},"data":{"n":1.10,"m":[1,{"k":2}]},"z":1}';
  expect(memberText(text, "data")).toBe('{"n":1.10,"m":[1,{"k":2}]}');
  expect(memberText('{"a":1}', "data")).toBeNull();
  expect(memberText('{"data":"x,}"}', "data")).toBe('"x,}"');
});

test("numbers are shown as they were written", () => {
  const { data } = parseEvent('{"id":"1","data":{"n":9007199254740993,"d":1.10}}');
  expect(Object.values(data as object).map(String)).toEqual(["9007199254740993", "1.10"]);
});

test("data that a tree would change is shown raw", () => {
  expect(parseEvent('{"data":{"__proto__":1}}').isRawOnly).toBe(true);
  expect(parseEvent('{"data":{"a":1,"a":2}}').isRawOnly).toBe(true);
});
