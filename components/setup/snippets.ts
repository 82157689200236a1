/** Commands for this very server: they can be pasted as they stand, in this order. */
export interface Snippets {
  readonly publish: string;
  readonly consume: string;
  readonly settle: string;
}

/** Names other than those of the README: its tour counts on an empty topic and a consumer of its own. */
export function snippetsFor(origin: string, secret: string): Snippets {
  const head = `export U=${origin}/v1 H="Authorization: Bearer ${secret}" J="Content-Type: application/json"`;
  return {
    publish: [
      head,
      `curl -X PUT $U/topics/visits -H "$H" -H "$J" -d '{"description":"Who came by"}'`,
      `curl -X POST $U/topics/visits/events -H "$H" -H "$J" \\`,
      `     -d '{"type":"page.visited","key":"visitor-1","data":{"page":"/"}}'`,
    ].join("\n"),
    consume: [
      `curl -X PUT $U/consumers/counter -H "$H" -H "$J" \\`,
      // Ten minutes to settle: who reads this page is slower than a component.
      `     -d '{"topics":[{"topic":"visits","start":"earliest"}],"ackTimeoutMs":600000}'`,
      `curl -X POST $U/consumers/counter/deliveries -H "$H" -H "$J" -d '{"member":"counter-1"}'`,
    ].join("\n"),
    settle: [
      `curl -X POST $U/consumers/counter/settlements -H "$H" -H "$J" \\`,
      `     -d '{"settlements":[{"topic":"visits","partition":0,"epoch":1,"offset":1,"outcome":"ack"}]}'`,
    ].join("\n"),
  };
}
