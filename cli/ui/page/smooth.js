// Smoothing as TensorBoard does it: an exponential mean without the pull of its start.

export function smoothed(y, weight) {
  if (weight <= 0) return y;
  let last = 0;
  let share = 1;
  return y.map((value) => {
    if (!Number.isFinite(value)) return value;
    last = last * weight + (1 - weight) * value;
    share *= weight;
    return last / (1 - share);
  });
}
