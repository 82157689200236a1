import type { Coverage } from "../../domain/coverage.ts";
import { OffsetRanges, parseRanges } from "../../domain/offset-ranges.ts";
import { type PastChange, type PositionHistory, withoutUndone } from "../../domain/position-history.ts";
import type { RestorePoint, SavedLayout } from "../../domain/restore-point.ts";
import type { Queryable } from "../database.ts";
import { priorLayoutOf } from "../positions/layouts.ts";

/** How a consumer stands in one topic, and how it came there. */
export interface AccountFacts {
  readonly topicId: number;
  readonly head: number;
  readonly tail: number;
  readonly history: PositionHistory;
  /** What retention took before it was settled. */
  readonly expired: OffsetRanges;
}

interface TopicRow {
  topic_id: number;
  head: number;
  tail: number;
  began_after: number | null;
  /** Null = not known. */
  began_at: string | null;
  cursors: { partition: number; position: number; settled: string }[];
  layouts: SavedLayout[];
  expired: string | null;
}

interface ChangeRow {
  id: string;
  actor: string;
  applied_at: string;
  undoOf: string | null;
  restore: StoredChange;
  cleared: { topicId: number; offsets: string }[];
}

type StoredChange = Pick<RestorePoint, "cursors"> & Partial<RestorePoint>;

// Each holds the cursors of its topics; older changes than these no longer say who skipped what.
const MAX_CHANGES = 500;

/** Of the topics named, by id. All of it in the caller's snapshot. */
export async function selectAccountFacts(
  db: Queryable,
  of: { readonly consumerId: number; readonly partitions: number; readonly topicIds: readonly number[] },
): Promise<AccountFacts[]> {
  const topics = await db.query<TopicRow>({
    name: "select_account_facts",
    text: `
      SELECT s.topic_id, h.head, h.tail, s.began_after, s.began_at, x.offsets::text AS expired,
        (SELECT coalesce(json_agg(json_build_object('partition', partition, 'position', position,
                   'settled', settled::text)), '[]')
         FROM cursor WHERE consumer_id = $1 AND topic_id = s.topic_id) AS cursors,
        (SELECT coalesce(json_agg(json_build_object('topicId', l.topic_id, 'layout', l.layout,
                   'partitions', l.partitions, 'cursors', l.cursors, 'endsAt', l.ends_at)), '[]')
         FROM prior_layout l WHERE l.consumer_id = $1 AND l.topic_id = s.topic_id) AS layouts
      FROM subscription s JOIN topic_head h ON h.topic_id = s.topic_id
      LEFT JOIN expired_event x ON x.consumer_id = s.consumer_id AND x.topic_id = s.topic_id
      WHERE s.consumer_id = $1 AND s.topic_id = ANY ($2::int[])`,
    values: [of.consumerId, of.topicIds],
  });
  const changes = await db.query<ChangeRow>({
    name: "select_account_changes",
    text: `
      SELECT c.id, c.actor, c.applied_at, c.undo_of AS "undoOf", c.restore,
        (SELECT coalesce(json_agg(json_build_object('topicId', x.topic_id, 'offsets', x.offsets::text)), '[]')
         FROM cleared_event x WHERE x.consumer_id = c.consumer_id AND x.change_id = c.id) AS cleared
      FROM position_change c
      WHERE c.consumer_id = $1 ORDER BY c.applied_at DESC, c.id DESC LIMIT $2`,
    values: [of.consumerId, MAX_CHANGES],
  });
  const oldestFirst = withoutUndone(changes.rows.reverse());
  return topics.rows.map((row) => ({
    topicId: row.topic_id,
    head: row.head,
    tail: row.tail,
    expired: row.expired === null ? new OffsetRanges() : parseRanges(row.expired),
    history: {
      beganAfter: row.began_after ?? 0,
      now: [
        {
          partitions: of.partitions,
          cursors: new Map(row.cursors.map((it) => [it.partition, { ...it, settled: parseRanges(it.settled) }])),
        },
        ...row.layouts.map(priorLayoutOf),
      ],
      changes: oldestFirst.flatMap(({ id, actor, applied_at, restore, cleared }) => {
        if (row.began_at !== null && Date.parse(applied_at) < Date.parse(row.began_at)) return [];
        const change = changeOf(restore, { topicId: row.topic_id, partitions: of.partitions });
        const offsets = cleared.find((it) => it.topicId === row.topic_id)?.offsets;
        const ofTopic = { cleared: offsets === undefined ? new OffsetRanges() : parseRanges(offsets) };
        return change === null ? [] : [{ id, actor, ...change, ...ofTopic }];
      }),
    },
  }));
}

/** What a change did to one topic; null when it left that alone. */
function changeOf(
  restore: StoredChange,
  { topicId, partitions }: { readonly topicId: number; readonly partitions: number },
): Omit<PastChange, "id" | "actor" | "cleared"> | null {
  const ofTopic = <It extends { readonly topicId: number }>(all: readonly It[] | undefined) =>
    (all ?? []).filter((it) => it.topicId === topicId);
  const saved = ofTopic(restore.cursors);
  if (saved.length === 0) return null;
  const coverage = (cursors: RestorePoint["cursors"]): Coverage => ({
    partitions: restore.partitions ?? partitions,
    cursors: new Map(cursors.map((it) => [it.partition, { ...it, settled: new OffsetRanges(it.settled) }])),
  });
  const before = coverage(saved);
  const after = coverage(ofTopic(restore.after));
  const [of] = ofTopic(restore.filters);
  return {
    ...(of !== undefined && { filter: of.filter }),
    before: [before, ...ofTopic(restore.priorLayouts).map(priorLayoutOf)],
    after,
    isBack: [...before.cursors].some(([partition, it]) => (after.cursors.get(partition)?.position ?? 0) < it.position),
  };
}
