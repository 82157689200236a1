// A payment service publishes what happened; two components that know nothing of it, nor of each other, subscribe.
import type { Client } from "../client/create-client.ts";
import { pause } from "./pause.ts";
import { runAlone } from "./run-alone.ts";

export interface Payment {
  readonly customer: string;
  readonly amount: number;
  readonly currency: "EUR" | "USD";
}

export async function declarePayments(client: Client): Promise<void> {
  await client.declareTopic("payments", { description: "What became of every payment, by order" });
  await client.declareConsumer("notifications", { topics: [{ topic: "payments" }] });
  await client.declareConsumer("audit-log", { topics: [{ topic: "payments" }] });
}

/** The payment service: an event per payment, its key the order. */
export async function pay(client: Client, order: string, payment: Payment): Promise<void> {
  const type = payment.amount > 900 ? "payment.failed" : "payment.succeeded";
  await client.publish("payments", { type, key: order, data: payment });
}

/** Tells customers. The mark that a message was sent is stored with the event's ack, so a repeat sends no second one. */
export function notifyCustomers(client: Client, signal: AbortSignal, send: (message: string) => unknown) {
  return client.consume<Payment>(
    "notifications",
    async ({ event, key, state }) => {
      if (await state.get(`sent/${event.id}`)) return;
      const outcome = event.type === "payment.succeeded" ? "went through" : "failed";
      await send(`${event.data?.customer}: your payment for ${key} ${outcome}`);
      state.set(`sent/${event.id}`, true);
    },
    { signal },
  );
}

/** Keeps a line per event. Writing the same line twice changes nothing: idempotent without trying. */
export function keepAudit(client: Client, signal: AbortSignal) {
  return client.consume<Payment>(
    "audit-log",
    ({ event, offset, state }) => state.set(`line/${offset}`, { what: event.type, at: event.recordedtime }),
    { signal },
  );
}

export async function payments(client: Client, options: { signal: AbortSignal; send?: (message: string) => unknown }) {
  const { signal, send = console.log } = options;
  await declarePayments(client);
  const components = [notifyCustomers(client, signal, send), keepAudit(client, signal)];
  for (let order = 1; order <= 20 && !signal.aborted; order++) {
    await pay(client, `order-${order}`, { customer: `customer-${order % 7}`, amount: order * 49, currency: "EUR" });
    await pause(50, signal);
  }
  await Promise.all(components);
}

await runAlone("payments", payments);
