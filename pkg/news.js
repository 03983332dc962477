// @ts-check
/**
 * How a page hears of receipts: by an answer that stays open and says line by line that there is news (protocol section 5), read with
 * `fetch`, and by asking now and then where no such answer comes through.
 */

const POLL_MS = 15_000;
/** An issuer says its first line at once; whoever holds it back longer buffers answers. */
const FIRST_LINE_MS = 5_000;
/** Where answers are buffered, how long until that is tried again. */
const BUFFERED_MS = 300_000;
const LONGEST_LINE = 1024;

export class News {
  /** @type {ReadableStreamDefaultReader<string> | null} */ #open = null;
  #opening = false;
  #stopped = false;
  #notBefore = 0;
  /** @type {((request: Request) => Promise<Response>) | undefined} */ #given;
  /** @type {{ ready(): boolean, sync(): Promise<void>, follow(): Promise<unknown> } | null} */ #wallet = null;
  #stop = () => {};

  /** @param {((request: Request) => Promise<Response>) | undefined} given the page's own fetch */
  constructor(given) {
    this.#given = given;
  }

  /** Carries every call of the wallet, and keeps the open answer for itself. @param {Request} request */
  fetch = async (request) => {
    const response = await (this.#given ?? globalThis.fetch)(request);
    const open = new URL(request.url).pathname.endsWith("/v1/news") && response.ok && response.body !== null;
    if (!open || !response.headers.get("Content-Type")?.startsWith("application/x-ndjson")) return response;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const line = await first(reader);
    if (line === null || this.#stopped) {
      reader.cancel().catch(() => {});
      return new Response(null, { status: 503 });
    }
    void this.#read(reader);
    return new Response(line, { status: response.status, headers: response.headers });
  };

  /** @param {{ ready(): boolean, sync(): Promise<void>, follow?: () => Promise<unknown> }} wallet `follow` is left out to ask only */
  start(wallet) {
    const { follow = async () => {} } = wallet;
    this.#wallet = { ready: wallet.ready, sync: wallet.sync, follow };
    if (!wallet.follow) this.#notBefore = Infinity;
    const ask = () => this.#ask();
    const shown = () => (document.visibilityState === "visible" ? ask() : this.#close());
    const timer = setInterval(() => this.#open || ask(), POLL_MS);
    document.addEventListener("visibilitychange", shown);
    window.addEventListener("online", ask);
    this.#stop = () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", shown);
      window.removeEventListener("online", ask);
    };
    ask();
  }

  stop = () => {
    this.#stopped = true;
    this.#stop();
    this.#close();
  };

  #close() {
    this.#open?.cancel().catch(() => {});
    this.#open = null;
  }

  #ask() {
    const wallet = this.#wallet;
    if (this.#stopped || !wallet || document.visibilityState !== "visible" || !wallet.ready()) return;
    // A missed sync is no news: `state.online` says it.
    wallet.sync().catch(() => {});
    if (this.#open || this.#opening || performance.now() < this.#notBefore) return;
    this.#opening = true;
    this.#notBefore = performance.now() + POLL_MS;
    wallet.follow().then(
      () => void (this.#open || (this.#notBefore = performance.now() + BUFFERED_MS)),
      () => {},
    ).finally(() => (this.#opening = false));
  }

  /** @param {ReadableStreamDefaultReader<string>} reader */
  async #read(reader) {
    this.#open = reader;
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        // Lines without a word only keep the answer open.
        if (value.includes("{")) this.#wallet?.sync().catch(() => {});
      }
    } catch {
      // The network went; asking goes on.
    }
    if (this.#open !== reader) return;
    this.#open = null;
    this.#ask();
  }
}

/** The first line; null if none comes in time. @param {ReadableStreamDefaultReader<string>} reader */
async function first(reader) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, FIRST_LINE_MS, null)));
  const line = (async () => {
    let text = "";
    while (!text.includes("\n") && text.length < LONGEST_LINE) {
      const { value, done } = await reader.read();
      if (done) return null;
      text += value;
    }
    return text.split("\n", 1)[0];
  })();
  try {
    return /** @type {string | null} */ (await Promise.race([line, late]));
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
