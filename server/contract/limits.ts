/** Bounds of a request, shared by server, SDK and documentation. Bytes unless the name says otherwise. */
export const LIMITS = {
  maxEventBytes: 1024 * 1024,
  maxRequestBytes: 8 * 1024 * 1024,
  maxEventsPerRequest: 1000,
  maxDeliveriesPerPull: 1_000,
  maxSettlementsPerRequest: 1000,
  maxPageEvents: 1000,
  maxFilterValues: 64,
  maxPartitions: 256,
  maxTopicsPerConsumer: 32,
  /** Levels of nesting in `data`. Far above real payloads, far below PostgreSQL's stack. */
  maxJsonDepth: 512,
  maxStateValueBytes: 1024 * 1024,
  maxStateEntriesPerSettlement: 100,
  maxErrorMessageCharacters: 4_000,
  maxErrorStackCharacters: 16_000,
} as const;
