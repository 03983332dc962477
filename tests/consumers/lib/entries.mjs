// A page or script that loads each entry with a module and says how that went.
export const ENTRIES = `
import { init, isSupported, qr } from "jitsuin";
import { init as initCodes } from "jitsuin/codes";
import { createWorld } from "jitsuin/testing";
import { Verifier } from "jitsuin/verifier";

const settings = { issuer: "https://issuer.example", rpId: "wallet.example", origins: ["https://wallet.example"], devicesByHandle: async () => [], singleUse: { claim: async () => "first" } };
const outcome = (opening) => opening.then(() => "loaded", ({ code, message, details }) => ({ code, message, details }));
export async function loadAll() {
  const said = { supported: isSupported() };
  said.page = await outcome(init());
  if (said.page === "loaded") said.modules = qr("HELLO").size;
  said.codes = await outcome(initCodes());
  said.verifier = await outcome(Verifier.create(settings));
  said.testing = await outcome(createWorld({ iKnowThisIsATest: true }));
  return said;
}
`;
export const PAGE = `<!doctype html><html lang="en"><title>page</title><body><div id="root"></div><script type="module" src="/src/main.js"></script></body></html>`;
export const MAIN = `import { loadAll } from "./entries.js";\nglobalThis.said = loadAll();\n`;
/** What a place that loads everything says. */
export const LOADED = { page: "loaded", modules: 29, codes: "loaded", verifier: "loaded", testing: "loaded" };
