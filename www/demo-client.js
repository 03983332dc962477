// @ts-check
// Calls that only a demo has: the inbox, the card company, and victims for the attack page.

/** @typedef {{ ok: true, body: any } | { ok: false, code: string }} Answer */

/** @param {"/demo/inbox" | "/demo/card" | "/demo/victim" | "/demo/books"} path
 * @param {object} body
 * @returns {Promise<Answer>} */
export async function ask(path, body) {
  let response;
  try {
    response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), credentials: "omit", cache: "no-store" });
  } catch {
    return { ok: false, code: "offline" };
  }
  const json = await response.json().catch(() => ({}));
  return response.ok ? { ok: true, body: json } : { ok: false, code: String(json.code ?? "issuer-refused") };
}
