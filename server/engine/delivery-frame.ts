import type { Delivery } from "../contract/settlements.ts";

/** The parts of a delivery frame that stay the same for one topic, partition and epoch; the rest is spliced. */
export interface FrameTemplate {
  readonly id: string;
  readonly before: string;
  readonly after: string;
  readonly afterReplay: string;
}

type Fixed = Pick<Delivery, "topic" | "partition" | "epoch">;

export function frameTemplate({ topic, partition, epoch }: Fixed): FrameTemplate {
  const tail = (replay: boolean) => `,"epoch":${epoch},"attempt":1,"replay":${replay}},"event":`;
  return {
    id: `id: ${topic}/`,
    before: `\ndata: {"delivery":{"topic":${JSON.stringify(topic)},"partition":${partition},"offset":`,
    after: tail(false),
    afterReplay: tail(true),
  };
}

/** One delivery as a finished server-sent event; `json` is the event's CloudEvent text, never parsed. */
export function deliveryFrame(
  template: FrameTemplate,
  event: { offset: number; json: string },
  isReplay: boolean,
): string {
  const { offset, json } = event;
  return `${template.id}${offset}${template.before}${offset}${isReplay ? template.afterReplay : template.after}${json}}\n\n`;
}

/** A named frame that tells the member something about its partitions. */
export function controlFrame(name: "assignment" | "revoked" | "reset" | "caught-up", data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
