// Every way a WebAuthn call can end, what the wallet makes of it, and the page that says so.

/** What a test's own `navigator.credentials` does, in every engine alike. `meanwhile` is what the page does while the prompt is open. */
export const GIVEN = [
  { name: "NotAllowedError, after a while", how: { ends: "NotAllowedError" } },
  { name: "NotAllowedError, at once after a tap", how: { ends: "NotAllowedError", slowly: false } },
  { name: "NotAllowedError, at once, the tap spent", how: { ends: "NotAllowedError", slowly: false, tapped: false } },
  { name: "NotAllowedError, the page not in front", how: { ends: "NotAllowedError", focused: false } },
  { name: "AbortError of the platform's own", how: { ends: "AbortError" } },
  { name: "TimeoutError", how: { ends: "TimeoutError" } },
  { name: "SecurityError", how: { ends: "SecurityError" } },
  { name: "InvalidStateError", how: { ends: "InvalidStateError" } },
  { name: "ConstraintError", how: { ends: "ConstraintError" } },
  { name: "NotSupportedError", how: { ends: "NotSupportedError" } },
  { name: "OperationError", how: { ends: "OperationError" } },
  { name: "UnknownError", how: { ends: "UnknownError" } },
  { name: "silence", how: { ends: "silent" }, meanwhile: "wait" },
  { name: "silence, deaf to an abort", how: { ends: "deaf" }, meanwhile: "wait" },
  { name: "`cancel()` while the prompt is open", how: { ends: "silent" }, meanwhile: "cancel" },
  { name: "`cancel()`, deaf to an abort", how: { ends: "deaf" }, meanwhile: "cancel" },
  { name: "a newer ceremony", how: { ends: "silent" }, meanwhile: "supersede" },
];

/** What Chromium's own WebAuthn does with a virtual authenticator. */
export const CHROMIUM = [
  { name: "PRF at creation", options: { hasPrf: true } },
  { name: "no PRF", options: { hasPrf: false } },
  { name: "no authenticator at all", none: true },
  { name: "nobody touches it", act: "hang" },
  { name: "user verification fails", act: "uvFail" },
  { name: "the passkey is gone", act: "forgetPasskeys", only: "get" },
  { name: "a signature that does not hold", bits: { isBogusSignature: true }, only: "get" },
  { name: "UV not set in the answer", bits: { isBadUV: true } },
  { name: "UP not set in the answer", bits: { isBadUP: true } },
  { name: "the passkey turns backed up (BE and BS flip)", act: "flipBackup", only: "get" },
];

/** @param {{ value?: any, error?: any, said: string | null }} ended */
export function cell({ value, error, said }) {
  const platform = said ? `${said} → ` : "";
  if (!error) return `${platform}${value === undefined ? "—" : "done"}`;
  return `${platform}\`${error.code ?? "no code"}\`, ${error.confidence ?? error.message}`;
}

/** @param {Record<string, Record<string, { create: string, get: string }>>} seen by engine, then by case */
export function page(seen) {
  const title = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKitGTK" };
  const lines = [
    "# Ceremonies",
    "",
    "How a passkey prompt ends, and the code that the wallet makes of it. One name of a platform covers several causes: no passkey, a user",
    "who was not recognised, a refusal and a time-out are all `NotAllowedError`. So a code comes with how sure it is: *certain* is known from",
    "the wallet's own clock or its own abort, *likely* is the usual cause of what was seen, *guess* is one cause of several. Every prompt",
    "ends by the wallet's own deadline of 120 seconds, whatever the platform does. Silence is a call that never settles by itself.",
    "",
    "This page is written by `JITSUIN_WRITE_DOCS=1 node --test tests/browser/ceremonies.test.mjs`, from runs in the engines; the test holds",
    "the two equal.",
    "",
    "## By what the platform says",
    "",
    "The test answers in the place of `navigator.credentials`, in every engine. First `create` (enrolment), then `get` (step-up).",
  ];
  /** @param {string[]} names @param {string[]} engines */
  const table = (names, engines) => {
    for (const verb of /** @type {const} */ (["create", "get"])) {
      const rows = names.filter((name) => engines.some((engine) => seen[engine]?.[name]?.[verb]));
      if (rows.length === 0) continue;
      lines.push("", `| \`${verb}\` | ${engines.map((engine) => title[engine]).join(" | ")} |`, `|---|${engines.map(() => "---|").join("")}`);
      for (const name of rows) lines.push(`| ${name} | ${engines.map((engine) => seen[engine]?.[name]?.[verb] ?? "—").join(" | ")} |`);
    }
  };
  table(GIVEN.map(({ name }) => name), ["chromium", "firefox", "webkit"]);
  lines.push("", "## By what the engines do themselves", "", "Chromium with a virtual authenticator of each kind: the exception is its own.");
  table(CHROMIUM.map(({ name }) => name), ["chromium"]);
  lines.push("", "WebKitGTK has no WebAuthn. Firefox's own prompt is not driven here.");
  table([WITHOUT], ["webkit"]);
  return `${lines.join("\n")}\n`;
}

/** What WebKitGTK does. */
export const WITHOUT = "no WebAuthn";
