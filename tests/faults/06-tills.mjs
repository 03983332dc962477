// Point 6: scans that are nobody's close no till.
import { randomBytes } from "node:crypto";
import { base32, claims, Key, sign1 } from "./lib/wire.mjs";
import { tally, word } from "./lib/tally.mjs";

export const point = "6";

/** A well-formed token of nobody's. */
function nobodys() {
  const now = Math.floor(Date.now() / 1000);
  const said = claims({ 4: now + 60, 6: now, 7: randomBytes(8) });
  return `JT1${base32(sign1(new Key(), claims({ 1: -7, 4: randomBytes(8) }), said, randomBytes(16)))}`;
}

/** @param {import("./run.mjs").Trial} t @param {number} count @param {(number: number) => string} scanned */
async function scans(t, count, scanned) {
  const issuer = await t.start();
  const { wallet, till, person } = await issuer.household();
  const heard = await tally(count, 4, (number) => till.charge(scanned(number), 100));
  const paid = await word(() => wallet.pay(till, 100));
  const told = (await issuer.messages("operator")).length;
  return { heard, paid, told, person };
}

export const scenarios = [
  {
    name: "unreadable scans", stranger: "200 unreadable texts are held before a till's scanner", honest: "pays at that till", seconds: 40,
    run: async (/** @type {import("./run.mjs").Trial} */ t) => {
      const { heard, paid } = await scans(t, 200, (number) => `https://example.com/coupon/${number}`);
      return { holds: paid === "approved", saw: `200 scans: ${heard}; then a payment: ${paid}` };
    },
  },
  {
    name: "tokens of nobody", stranger: "200 well-formed tokens of unknown handles are offered to a till", honest: "pays at that till; the operator hears of it", seconds: 40,
    run: async (/** @type {import("./run.mjs").Trial} */ t) => {
      const { heard, paid, told } = await scans(t, 200, nobodys);
      return { holds: paid === "approved" && told > 0, saw: `200 scans: ${heard}; then a payment: ${paid}; messages to the operator: ${told}` };
    },
  },
];
