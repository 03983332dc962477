// Counts of what was answered.
import { Refused } from "./people.mjs";

/** What one call came to, in a word: `answered`, the code of its refusal, or `lost`. @param {() => Promise<any>} call */
export async function word(call) {
  try {
    const answer = await call();
    return answer?.outcome ?? "answered";
  } catch (error) {
    return error instanceof Refused ? error.code : "lost";
  }
}

/** Words and how often each was heard. */
export class Tally {
  constructor() {
    /** @type {Map<string, number>} */
    this.words = new Map();
    this.all = 0;
  }
  /** @param {string} heard */
  add(heard) {
    this.words.set(heard, this.of(heard) + 1);
    this.all += 1;
    return heard;
  }
  /** @param {string} heard */
  of(heard) {
    return this.words.get(heard) ?? 0;
  }
  toString() {
    return [...this.words].map(([heard, count]) => `${count} ${heard}`).join(", ");
  }
}

/** Makes so many calls, some at once. @param {number} count @param {number} atOnce @param {(number: number) => Promise<any>} call */
export async function tally(count, atOnce, call) {
  const heard = new Tally();
  let next = 0;
  await Promise.all(Array.from({ length: Math.min(count, atOnce) }, async () => {
    while (next < count) {
      const number = next;
      next += 1;
      heard.add(await word(() => call(number)));
    }
  }));
  return heard;
}
