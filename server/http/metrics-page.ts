import { createHash, timingSafeEqual } from "node:crypto";
import { DomainError } from "../domain/errors.ts";
import type { DatabaseFigures } from "../engine/insight/database-figures.ts";
import type { Vitals } from "../engine/insight/vitals.ts";
import { bearerOf } from "./bearer.ts";
import type { Exchange } from "./exchange.ts";
import { figureFamilies } from "./figure-families.ts";
import { textOfFamilies } from "./metric-family.ts";
import { processFamilies } from "./process-families.ts";
import type { RequestMetrics } from "./request-metrics.ts";

export interface MetricsPageDeps {
  readonly requests: RequestMetrics;
  readonly figures: Pick<DatabaseFigures, "read">;
  readonly vitals: () => Vitals;
  /** What is wanted as a bearer token; absent: everybody is answered. */
  readonly token?: string;
}

/** `/metrics`, on whichever port. */
export class MetricsPage {
  readonly #deps: MetricsPageDeps;
  #writing: Promise<string> | null = null;

  constructor(deps: MetricsPageDeps) {
    this.#deps = deps;
  }

  /** Throws `unauthenticated`. Never waits long for the database. */
  async answer({ req, res, requestId }: Exchange): Promise<void> {
    const { requests, token } = this.#deps;
    if (token !== undefined && !isSame(bearerOf(req) ?? "", token)) {
      throw new DomainError("unauthenticated", "Send the METRICS_TOKEN of this server as `Authorization: Bearer …`.");
    }
    // A page is written once for all who ask meanwhile: it takes the same time of the process for one and for a hundred.
    this.#writing ??= this.#text().finally(() => {
      this.#writing = null;
    });
    const text = await this.#writing;
    res.writeHead(200, { "content-type": requests.contentType, "x-request-id": requestId });
    res.end(text);
  }

  async #text(): Promise<string> {
    const { requests, figures, vitals } = this.#deps;
    const [ofRequests, reading] = await Promise.all([requests.text(), figures.read()]);
    const families = processFamilies(reading, vitals());
    if (reading.figures !== null) families.push(...figureFamilies(reading.figures));
    return ofRequests + (await textOfFamilies(families));
  }
}

/** In constant time, whatever the lengths. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text, "utf8").digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
