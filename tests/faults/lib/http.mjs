// Calls over HTTP and bytes over TCP, from any address of loopback: each stands for another machine.
import { Agent, request } from "node:http";
import { connect } from "node:net";

/** Nothing came back: the connection was refused or cut, or the time was over. */
export class Lost extends Error {}

/** How long one call may take before it counts as not answered. Longer than any limit of the server's own. */
export const PATIENCE = 30_000;

/** Connections that are used again, by address; each scenario's end closes its own. */
export class Roads {
  constructor() {
    /** @type {Map<string, Agent>} */
    this.agents = new Map();
  }
  /** @param {string} from */
  agent(from) {
    const held = this.agents.get(from) ?? new Agent({ keepAlive: true });
    this.agents.set(from, held);
    return held;
  }
  close() {
    for (const agent of this.agents.values()) agent.destroy();
    this.agents.clear();
  }

  /**
   * One request and its whole answer.
   * @param {number} port
   * @param {{ method?: string, path: string, headers?: Record<string, string | string[]>, body?: Uint8Array | string, from?: string, patience?: number, fresh?: boolean }} asked
   * `fresh`: on a connection of its own
   * @returns {Promise<{ status: number, headers: import("node:http").IncomingHttpHeaders, text: string, json: () => any }>}
   */
  ask(port, { method = "POST", path, headers = {}, body = "", from = "127.0.0.1", patience = PATIENCE, fresh = false }) {
    return new Promise((resolve, reject) => {
      const sent = request({
        host: "127.0.0.1", port, method, path, localAddress: from, agent: fresh ? false : this.agent(from),
        headers: { host: `localhost:${port}`, ...(method === "GET" ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }), ...headers },
      });
      const late = setTimeout(() => sent.destroy(new Error(`no answer in ${patience / 1000} s`)), patience);
      const lost = (/** @type {Error} */ error) => {
        clearTimeout(late);
        reject(new Lost(`${path}: ${error.message}`));
      };
      sent.once("error", lost);
      sent.once("response", (answer) => {
        /** @type {Buffer[]} */
        const parts = [];
        answer.on("data", (part) => parts.push(part));
        answer.once("error", lost);
        answer.once("aborted", () => lost(new Error("the answer was cut")));
        answer.once("end", () => {
          clearTimeout(late);
          const text = Buffer.concat(parts).toString();
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: () => JSON.parse(text) });
        });
      });
      sent.end(body);
    });
  }
}

/**
 * A socket that sends these bytes and then keeps still.
 * @param {number} port @param {string} from @param {string | Uint8Array} bytes
 * @returns {Promise<import("node:net").Socket | undefined>} none, if the connection was refused
 */
export function still(port, from, bytes = "") {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, localAddress: from });
    socket.on("error", () => resolve(undefined));
    socket.once("connect", () => {
      if (bytes.length > 0) socket.write(bytes);
      socket.pause();
      resolve(socket);
    });
    setTimeout(() => resolve(socket), 2_000).unref();
  });
}

/**
 * Sends bytes and reads what comes until the other side closes or is quiet.
 * @param {number} port @param {string | Uint8Array} bytes
 * @returns {Promise<{ text: string, closed: boolean }>}
 */
export function raw(port, bytes, { from = "127.0.0.1", quiet = 1_500, most = 15_000 } = {}) {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, localAddress: from });
    let text = "";
    /** @type {NodeJS.Timeout} */
    let calm;
    const end = (/** @type {boolean} */ closed) => {
      clearTimeout(calm);
      clearTimeout(last);
      socket.destroy();
      resolve({ text, closed });
    };
    const last = setTimeout(() => end(false), most);
    socket.on("error", () => end(true));
    socket.on("close", () => end(true));
    socket.on("data", (data) => {
      text += data.toString("latin1");
      clearTimeout(calm);
      calm = setTimeout(() => end(false), quiet);
    });
    socket.once("connect", () => socket.write(bytes));
  });
}

export const status = (/** @type {string} */ answer) => Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 0);
export const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
