// sizes.mjs FILE: code bytes of a module with a name section, by crate, and by room of this crate.
import { readFileSync } from "node:fs";

const bytes = readFileSync(process.argv[2]);
let at = 8;

function number() {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
}

function text() {
  const length = number();
  return bytes.toString("utf8", at, (at += length));
}

const sizes = [];
const names = new Map();
let imported = 0;
let data = 0;

while (at < bytes.length) {
  const id = bytes[at++];
  const end = number() + at;
  if (id === 2) {
    for (let left = number(); left > 0; left -= 1) {
      text();
      text();
      const kind = bytes[at++];
      if (kind === 0) imported += 1;
      if (kind === 1) at += 1;
      if (kind === 0) number();
      else if (kind === 3) at += 2;
      else if (bytes[at++] & 1) (number(), number());
      else number();
    }
  } else if (id === 10) {
    for (let left = number(); left > 0; left -= 1) {
      const size = number();
      sizes.push(size);
      at += size;
    }
  } else if (id === 11) {
    data = end - at;
  } else if (id === 0 && text() === "name") {
    while (at < end) {
      const kind = bytes[at++];
      const stop = number() + at;
      if (kind === 1) for (let left = number(); left > 0; left -= 1) names.set(number(), text());
      at = stop;
    }
  }
  at = end;
}

// The first path in a name is the crate, and for this crate the room: `<jitsuin::wire::…>`, `_ZN7jitsuin4wire…`.
function owner(name) {
  const path = name.replace(/_ZN\d+/, "").match(/[A-Za-z_]\w*(?:::\w+)*/g)?.find((word) => word.includes("::")) ?? "(other)";
  const [crate, room] = path.split("::");
  return crate === "jitsuin" ? `jitsuin::${room}` : crate;
}

const totals = new Map();
sizes.forEach((size, index) => {
  const key = owner(names.get(index + imported) ?? "");
  totals.set(key, (totals.get(key) ?? 0) + size);
});
for (const [key, size] of [...totals].sort((a, b) => b[1] - a[1]).slice(0, 20)) console.log(`${String(size).padStart(8)}  ${key}`);
console.log(`${String(data).padStart(8)}  data`);

if (process.argv[3] === "--functions") {
  const largest = sizes.map((size, index) => [size, names.get(index + imported) ?? "?"]).sort((a, b) => b[0] - a[0]);
  for (const [size, name] of largest.slice(0, 40)) console.log(`${String(size).padStart(8)}  ${name.slice(0, 160)}`);
}
