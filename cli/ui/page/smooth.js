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

// Of a curve whose points are only its extremes, the smoothed means of its stretches, at its points.
export function smoothedCurve({x, y, mean}, weight) {
  if (weight <= 0 || !mean || mean.x.length === 0) return smoothed(y, weight);
  const means = smoothed(mean.y, weight);
  let at = 0;
  return x.map((place) => {
    while (at + 1 < mean.x.length &&
           Math.abs(mean.x[at + 1] - place) <= Math.abs(mean.x[at] - place)) ++at;
    return means[at];
  });
}
