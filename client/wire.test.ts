import { expectTypeOf, test } from "vitest";
import type { z } from "zod";
import type * as consumers from "../server/contract/consumers.ts";
import type * as events from "../server/contract/events.ts";
import type * as problem from "../server/contract/problem.ts";
import type * as settlements from "../server/contract/settlements.ts";
import type * as state from "../server/contract/state.ts";
import type * as topics from "../server/contract/topics.ts";
import type * as wire from "./wire.ts";

// `tsc` fails here when the SDK's shapes and the server's contract part ways.
test("the SDK sends and receives exactly what the contract says", () => {
  expectTypeOf<Mutable<wire.NewEvent>>().toEqualTypeOf<z.input<typeof events.plainEvent>>();
  expectTypeOf<wire.PublishedEvent>().toEqualTypeOf<events.PublishedEvent>();
  expectTypeOf<wire.CloudEvent<string>>().toEqualTypeOf<events.CloudEvent<string>>();
  expectTypeOf<wire.Delivery>().toEqualTypeOf<settlements.Delivery>();
  expectTypeOf<wire.Settlement>().toEqualTypeOf<settlements.Settlement>();
  expectTypeOf<wire.SettlementResult>().toEqualTypeOf<settlements.SettlementResult>();
  expectTypeOf<wire.DeliveryError>().toEqualTypeOf<settlements.DeliveryError>();
  expectTypeOf<wire.ParkedNotice>().toEqualTypeOf<settlements.ParkedNotice>();
  expectTypeOf<wire.StateEntry>().toEqualTypeOf<state.StateEntry>();
  expectTypeOf<wire.TopicDeclaration>().toEqualTypeOf<z.input<typeof topics.topicDeclaration>>();
  expectTypeOf<wire.TopicDescription>().toEqualTypeOf<topics.TopicDescription>();
  expectTypeOf<wire.ConsumerDeclaration>().toEqualTypeOf<z.input<typeof consumers.consumerDeclaration>>();
  expectTypeOf<consumers.ConsumerDescription>().toExtend<wire.ConsumerDescription>();
  expectTypeOf<problem.Problem>().toExtend<wire.Problem>();
});

type Mutable<T> = { -readonly [P in keyof T]: T[P] };
