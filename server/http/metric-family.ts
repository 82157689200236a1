import { setImmediate as nextTurn } from "node:timers/promises";
import { Counter, Gauge, Registry } from "prom-client";

/** One metric with all its series. */
export interface MetricFamily {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly series: readonly MetricSeries[];
}

export interface MetricSeries {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Families in Prometheus' text format, written one in a turn of the loop: a thousand consumers are 20,000 lines, and what
 * is delivered meanwhile does not wait for all of them.
 */
export async function textOfFamilies(families: readonly MetricFamily[]): Promise<string> {
  const registry = new Registry();
  const texts: string[] = [];
  for (const family of families) {
    const registers = [registry];
    if (family.type === "gauge") new FamilyGauge(family, registers);
    else new FamilyCounter(family, registers);
    texts.push(await registry.getSingleMetricAsString(family.name));
    await nextTurn();
  }
  return `${texts.join("\n")}\n`;
}

/** Hands over the series as they are. To `set` each of them costs twice the time: their labels are hashed, to be found again. */
class FamilyGauge extends Gauge {
  readonly #family: MetricFamily;

  constructor(family: MetricFamily, registers: Registry[]) {
    super({ name: family.name, help: family.help, registers });
    this.#family = family;
  }

  override async get(): ReturnType<Gauge["get"]> {
    return { ...(await super.get()), values: valuesOf(this.#family) };
  }
}

class FamilyCounter extends Counter {
  readonly #family: MetricFamily;

  constructor(family: MetricFamily, registers: Registry[]) {
    super({ name: family.name, help: family.help, registers });
    this.#family = family;
  }

  override async get(): ReturnType<Counter["get"]> {
    return { ...(await super.get()), values: valuesOf(this.#family) };
  }
}

function valuesOf({ series }: MetricFamily) {
  return series.map(({ labels = {}, value }) => ({ labels, value }));
}
