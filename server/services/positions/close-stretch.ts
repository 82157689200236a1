import { HandledBefore, type HandledLayer } from "../../domain/handled-before.ts";
import { inAny } from "../../domain/range-sets.ts";
import type { Queryable } from "../../store/database.ts";
import { selectAccountEvents } from "../../store/insight/account-events-select.ts";
import { noteHandledApart } from "../../store/insight/handled-apart.ts";
import { selectHandledLayers } from "../../store/insight/handled-before-select.ts";
import { deleteHandledLayers, selectManyLayered } from "../../store/insight/handled-fold.ts";
import { endStretch, type Stretch } from "../../store/insight/stretch-end.ts";

/** Every partition that is claimed reads the layers, and every event that runs again asks them. */
const MAX_LAYERS = 32;
const LEFT_LAYERS = 16;
/** Looked at while the leases are locked: about 100 ms. */
const MAX_FOLDED = 50_000;

/**
 * Ends a stretch (`endStretch`), and keeps the layers few however often filters and partitions are changed: of the
 * smallest it looks at the events themselves, and notes those that were handled without saying under which filter. A
 * layer of more events than it may look at stays.
 */
export async function closeStretch(db: Queryable, stretch: Stretch): Promise<void> {
  await endStretch(db, stretch);
  const { consumerId, topicIds } = stretch;
  if (topicIds.length === 0) return;
  for (const topicId of await selectManyLayered(db, { consumerId, topicIds, moreThan: MAX_LAYERS })) {
    await fold(db, { consumerId, topicId });
  }
}

async function fold(
  db: Queryable,
  { consumerId, topicId }: { readonly consumerId: number; readonly topicId: number },
): Promise<void> {
  const layers = await selectHandledLayers(db, { consumerId, topicId });
  const smallest = layers.map((it) => ({ ...it, size: sizeOf(it.of) })).sort((a, b) => a.size - b.size);
  const folded: typeof smallest = [];
  let looked = 0;
  for (const it of smallest.slice(0, -LEFT_LAYERS)) {
    looked += it.size;
    if (looked > MAX_FOLDED) break;
    folded.push(it);
  }
  const ranges = inAny(folded.flatMap((it) => it.of.offsets.map((of) => of ?? [])));
  const handled = new HandledBefore(folded.map((it) => it.of));
  const events = (await selectAccountEvents(db, { topicId, ranges: [...ranges] })).filter((it) => handled.has(it));
  await noteHandledApart(db, { consumerId, events: events.map(({ offset }) => ({ topicId, offset })) });
  await deleteHandledLayers(db, { consumerId, topicId, layers: folded.map((it) => it.layer) });
}

function sizeOf({ offsets }: HandledLayer): number {
  let size = 0;
  for (const [from, to] of inAny(offsets.map((it) => it ?? []))) size += to - from + 1;
  return size;
}
