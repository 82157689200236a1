import { Track } from "./track.ts";
import type { Delivery } from "./wire.ts";

/** The tracks of the leases a member holds, one per topic and partition. */
export class Tracks {
  readonly #byName = new Map<string, Track>();
  // Deliveries come in runs of one partition: the map, and the string to look it up by, are rarely needed.
  #last: Track | null = null;

  of({ topic, partition, epoch }: Delivery): Track {
    const last = this.#last;
    if (last !== null && last.epoch === epoch && last.partition === partition && last.topic === topic) return last;
    const name = `${topic}/${partition}`;
    let track = this.#byName.get(name);
    if (track === undefined || track.epoch !== epoch) {
      track = new Track(topic, partition, epoch);
      this.#byName.set(name, track);
    }
    this.#last = track;
    return track;
  }

  forget(isForgotten: (track: Track) => boolean): void {
    for (const [name, track] of this.#byName) if (isForgotten(track)) this.#byName.delete(name);
    this.#last = null;
  }
}
