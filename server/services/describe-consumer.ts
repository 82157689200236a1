import { DomainError } from "../domain/errors.ts";
import { describeConsumers } from "../store/consumer-describe.ts";
import type { Database } from "../store/database.ts";
import type { Services } from "./services.ts";

export const describeConsumer =
  ({ database }: { readonly database: Database }): Services["describeConsumer"] =>
  async ({ consumer }) => {
    const [description] = await describeConsumers(database.pool, [consumer]);
    if (description === undefined) throw new DomainError("consumer-not-found", `there is no consumer "${consumer}"`);
    return description;
  };
