// Point 8: a processor of 2008, without AVX2 and ADX.
import { spawnSync } from "node:child_process";
import { Till, Wallet } from "./lib/people.mjs";
import { word } from "./lib/tally.mjs";

export const point = "8";
/** @typedef {import("./run.mjs").Trial} Trial */

const qemu = () => ["qemu-x86_64-static", "qemu-x86_64"].find((name) => spawnSync(name, ["--version"]).status === 0);

export const scenarios = [
  {
    name: "a Nehalem", stranger: "the issuer runs on a processor without AVX2 and ADX (qemu-x86_64 -cpu Nehalem)", honest: "three people enrol with passkeys of ES256, RS256 and EdDSA; a payment; a top-up with a step-up", seconds: 200,
    run: async (/** @type {Trial} */ t) => {
      if (process.arch !== "x64") return t.skip("this machine is no x86-64");
      const emulator = qemu();
      if (emulator === undefined) return t.skip("no qemu-x86_64 on this machine (Debian: qemu-user-static)");
      const issuer = await t.start({ before: [emulator, "-cpu", "Nehalem"], patience: 60_000 });
      /** @type {Record<string, string>} */
      const heard = {};
      for (const algorithm of ["ES256", "RS256", "EdDSA"]) {
        const person = await issuer.person();
        heard[algorithm] = await word(() => new Wallet(issuer).enrol(person, algorithm));
      }
      const till = await new Till(issuer).enrol((await issuer.person()).tillCode);
      const hanako = new Wallet(issuer);
      heard.hanako = await word(() => hanako.enrol({ login: "hanako", password: "hanako-password", contact: "hanako@example.test" }, "RS256"));
      heard["a payment"] = await word(() => hanako.pay(till, 100));
      heard["a top-up"] = await word(async () => {
        await hanako.proveCard("card-1");
        return hanako.topUp(1_000, "card-1");
      });
      const enrolled = ["ES256", "RS256", "EdDSA", "hanako"].every((who) => heard[who] === "answered");
      return { holds: enrolled && heard["a payment"] === "approved" && heard["a top-up"] === "done", saw: Object.entries(heard).map(([what, word]) => `${what}: ${word}`).join(", ") };
    },
  },
];
