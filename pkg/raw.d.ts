// The module's own calls, as src/js writes them. Internal: not in the package, never handed out.
export interface Raw {
  start(onCrash: () => void): void;
  qr(text: string): { size: number; path: string; svg: string };
  parse_merchant_code(text: string): RawMerchantCode;
  codes(): readonly { code: string; fix: string; retryable: boolean; message: string }[];
  RawWallet: { open(options: object, fetch: ((request: Request) => Promise<Response>) | undefined, onChange: () => void): Promise<RawWallet> };
}

export interface RawMerchantCode extends Omit<import("./index.js").MerchantCode, "amount"> {
  amount: { text: string; minorUnits: string | null } | null;
}

export interface RawWallet {
  state(): unknown;
  log_in(login: string, password: string, language: string): Promise<string>;
  enter_code(attempt: string, code: string): Promise<string>;
  prepare_enrolment(ticket: string, label: string, account?: string): Promise<RawCeremony>;
  prepare_top_up(amount: string, currency: string, source: string): Promise<RawCeremony>;
  confirm(id: number): Promise<RawConfirmed>;
  cancel(id: number): Promise<void>;
  payment_code(max?: string): Promise<unknown>;
  presentation(): RawPresentation;
  sync(): Promise<void>;
  refill(): Promise<void>;
  acknowledge(alert: string): Promise<void>;
  prove_card(source: string): Promise<unknown>;
  freeze(): Promise<void>;
  lock(): void;
  unlock(): Promise<void>;
  receipts(before: number | undefined, limit: number): unknown;
  forget(): Promise<void>;
  report(): unknown;
  close(): Promise<void>;
}

export interface RawCeremony { id: number; intent: unknown }
export type RawConfirmed = { outcome: "enrolled"; device: unknown } | { outcome: "receipt"; receipt: unknown } | { outcome: "pending"; id: string };

export interface RawPresentation {
  at(): RawView;
  tapped(): RawView;
  blurred(): RawView;
  make(max?: string): Promise<unknown>;
  notice(): unknown;
}
export type RawView =
  | { phase: "waiting"; reason: "start" | "paid" | "declined" | "blurred" | "rested" | "failed" }
  | { phase: "making" }
  | { phase: "showing"; secondsLeft: number };
