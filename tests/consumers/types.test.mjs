// The types of every entry, as the oldest and the newest TypeScript that is tried reads them, and the README's lines under `strict`.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { block, project, run, tools } from "./lib/project.mjs";

const README = block("README.md", 'import { Wallet } from "jitsuin"');
const USES = `
import init, { type JitsuinError, isJitsuinError, isSupported, qr } from "jitsuin";
import codes, { parseMerchantCode } from "jitsuin/codes";
import { explain, ja } from "jitsuin/messages";
import { createWorld } from "jitsuin/testing";
import { Verifier } from "jitsuin/verifier";
import wasm from "jitsuin/wasm";
import wasmOfCodes from "jitsuin/wasm/codes";
import wasmOfTesting from "jitsuin/wasm/testing";
import wasmOfVerifier from "jitsuin/wasm/verifier";
import * as webview from "jitsuin/webview";

export async function all(): Promise<string> {
  await init(wasm);
  await codes(wasmOfCodes);
  const world = await createWorld({ iKnowThisIsATest: true, wasm: wasmOfTesting });
  const verifier = await Verifier.create({ issuer: "", rpId: "", origins: [], wasm: wasmOfVerifier, devicesByHandle: async () => [], singleUse: { claim: async () => "first" } });
  const supported: boolean = isSupported();
  return [world.issuer.url, verifier, supported, qr("1").svg, parseMerchantCode("").currency, Object.keys(webview)].join();
}
export function told(error: JitsuinError): string {
  if (isJitsuinError(error, "wasm-load-failed") && error.details) return \`\${error.details.url} \${error.details.status} \${error.details.type}\`;
  // @ts-expect-error -- another code has other details
  if (isJitsuinError(error, "wasm-digest") && error.details) return String(error.details.status);
  return explain(error, ja).title;
}
`;
const options = { strict: true, noEmit: true, target: "ES2022", lib: ["ES2022", "DOM", "DOM.Iterable", "ESNext.Disposable"], types: [], noUnusedLocals: true };

for (const compiler of ["typescript", "typescript-5.4"]) {
  for (const [module, moduleResolution] of [["ESNext", "bundler"], ["NodeNext", "NodeNext"]]) {
    test(`${compiler}, ${moduleResolution}: every entry has types, and the README's lines compile under strict`, async () => {
      const folder = project({ "readme.ts": README, "uses.ts": USES, "tsconfig.json": JSON.stringify({ compilerOptions: { ...options, module, moduleResolution }, files: ["readme.ts", "uses.ts"] }) });
      const { ok, said } = await run(folder, [join(tools, compiler, "bin/tsc"), "--project", "."]);
      assert.ok(ok, said);
    });
  }
}
