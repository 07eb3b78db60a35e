// From values to places, and the round values between.

export function linear(from, to, start, end) {
  const span = to - from || 1;
  const place = (value) => start + ((value - from) / span) * (end - start);
  place.invert = (at) => from + ((at - start) / (end - start)) * span;
  return place;
}

export function logarithmic(from, to, start, end) {
  const place = linear(Math.log10(from), Math.log10(to), start, end);
  const outer = (value) => place(Math.log10(value));
  outer.invert = (at) => 10 ** place.invert(at);
  return outer;
}

// About `wanted` round values from `from` to `to`, and at least three.
export function ticks(from, to, wanted) {
  const span = to - from;
  if (!(span > 0)) return [from];
  let rough = span / Math.max(1, wanted);
  for (;;) {
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((m) => m * power >= rough) * power;
    const values = [];
    for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; ++i) {
      values.push(Number((i * step).toPrecision(12)));
    }
    if (values.length >= 3 || step < span / 10) return values;
    rough = step / 2.6;  // the next smaller of 1, 2, 5
  }
}

export function logTicks(from, to, wanted) {
  const first = Math.floor(Math.log10(from));
  const last = Math.ceil(Math.log10(to));
  const factors = last - first <= 2 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil((last - first) / Math.max(wanted, 2)));
  const values = [];
  for (let p = first; p <= last; p += every) {
    for (const factor of factors) {
      const value = factor * 10 ** p;
      if (value >= from * 0.999 && value <= to * 1.001) values.push(value);
    }
  }
  return values.length > 1 ? values : [from, to];
}
