// The shared vectors as JSON, and their pinned counts.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";

const root = new URL("../vectors/", import.meta.url);

/** Folders with the number of their vectors. */
export const folders = new Map([
  ["allowance", 33], ["approval", 31], ["assertion", 25], ["body", 30], ["dpop", 28], ["enrol", 34], ["freeze", 30], ["head", 32], ["intent", 28],
  ["keyset", 34],
  ["quote", 45], ["receipt", 34], ["state", 44], ["shop-code", 107], ["step-up", 31], ["text", 61], ["till-code", 35], ["time", 32], ["token", 82],
]);

/** @param {string} folder */
export function vectors(folder) {
  const files = readdirSync(new URL(`${folder}/`, root)).filter((name) => name.endsWith(".json")).sort();
  return files.map((name) => JSON.parse(readFileSync(new URL(`${folder}/${name}`, root), "utf8")));
}

/**
 * @param {{ expect: string, at: number | null, fields: unknown }} got
 * @param {{ rule: string, expect: string, at?: number | null, fields: unknown }} vector
 */
export function same(got, vector) {
  assert.deepEqual(got, { expect: vector.expect, at: vector.at ?? null, fields: vector.fields }, vector.rule);
}
