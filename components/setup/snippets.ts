/** Commands for this very server: they can be pasted as they stand, in this order. */
export interface Snippets {
  readonly publish: string;
  readonly consume: string;
  readonly settle: string;
}

/** The names are those of the README, so that its next steps go on from here. */
export function snippetsFor(origin: string, secret: string): Snippets {
  const head = `export U=${origin}/v1 H="Authorization: Bearer ${secret}" J="Content-Type: application/json"`;
  return {
    publish: [
      head,
      `curl -X PUT $U/topics/payments -H "$H" -H "$J" -d '{"description":"What was paid"}'`,
      `curl -X POST $U/topics/payments/events -H "$H" -H "$J" \\`,
      `     -d '{"type":"payment.succeeded","key":"order-1","data":{"amount":1.10}}'`,
    ].join("\n"),
    consume: [
      `curl -X PUT $U/consumers/billing -H "$H" -H "$J" \\`,
      // Ten minutes to settle: who reads this page is slower than a component.
      `     -d '{"topics":[{"topic":"payments","start":"earliest"}],"ackTimeoutMs":600000}'`,
      `curl -X POST $U/consumers/billing/deliveries -H "$H" -H "$J" -d '{"member":"billing-1"}'`,
    ].join("\n"),
    settle: [
      `curl -X POST $U/consumers/billing/settlements -H "$H" -H "$J" \\`,
      `     -d '{"settlements":[{"topic":"payments","partition":0,"epoch":1,"offset":1,"outcome":"ack"}]}'`,
    ].join("\n"),
  };
}
