// A ticket-booking component without a database of its own: its bookings are state entries in Millrace, committed
// together with its progress. Stop it anywhere, start it anywhere else: it goes on as if nothing had happened.
import type { Client, EventContext } from "../client/create-client.ts";
import { runAlone } from "./run-alone.ts";

export interface SeatRequest {
  readonly seat: string;
  readonly customer: string;
}

export async function declareTickets(client: Client, partitions = 4): Promise<void> {
  await client.declareTopic("tickets", { description: "Seats asked for, by show" });
  await client.declareTopic("bookings", { description: "Seats booked and refused, by show" });
  const topics = [{ topic: "tickets", types: ["seat.requested"] }];
  await client.declareConsumer("ticket-booking", { topics, partitions });
}

export async function requestSeat(client: Client, show: string, request: SeatRequest): Promise<void> {
  await client.publish("tickets", { type: "seat.requested", key: show, data: request });
}

/** One member. Requests of one show come in order, wherever its members run, so a seat is never given twice. */
export function bookSeats(client: Client, signal: AbortSignal, member?: string): Promise<void> {
  const book = async ({ event, key: show, state }: EventContext<SeatRequest>) => {
    if (show === null || event.data === undefined) return;
    const { seat, customer } = event.data;
    const booking = await state.get<{ customer: string; request: string }>(`${show}/${seat}`);
    const isFree = booking === undefined || booking.request === event.id;
    if (isFree) state.set(`${show}/${seat}`, { customer, request: event.id });
    // The id makes the answer one, even if this handler runs twice.
    const type = isFree ? "seat.booked" : "seat.refused";
    await client.publish("bookings", { id: `answer-${event.id}`, type, key: show, data: { seat, customer } });
  };
  return client.consume("ticket-booking", book, { signal, member });
}

export async function tickets(client: Client, { signal }: { signal: AbortSignal }): Promise<void> {
  await declareTickets(client);
  const members = [bookSeats(client, signal, "booking-1"), bookSeats(client, signal, "booking-2")];
  for (const customer of ["ada", "grace", "edsger"]) {
    for (const seat of ["A1", "A2", customer === "ada" ? "B1" : "B2"]) {
      await requestSeat(client, "hamlet", { seat, customer });
    }
  }
  await Promise.all(members);
}

await runAlone("tickets", tickets);
