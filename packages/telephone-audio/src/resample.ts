const ZERO_CROSSINGS = 16;

/**
 * Changes the sampling rate with a windowed-sinc low-pass, so that what the
 * lower rate cannot carry is removed rather than folded into the speech.
 * Rates are whole numbers of hertz; the result has
 * `round(length × toHz / fromHz)` samples.
 */
export function resample(
  pcm: Int16Array,
  fromHz: number,
  toHz: number,
): Int16Array {
  if (!isRate(fromHz) || !isRate(toHz)) {
    throw new RangeError(
      `sampling rates are whole numbers of hertz above zero: got ${fromHz} and ${toHz}`,
    );
  }
  if (fromHz === toHz) {
    return pcm.slice();
  }
  const step = greatestCommonDivisor(fromHz, toHz);
  const up = toHz / step;
  const down = fromHz / step;
  const kernels = kernelsOf(up, down);
  const out = new Int16Array(Math.round((pcm.length * up) / down));
  for (let n = 0; n < out.length; n++) {
    const at = n * down;
    const kernel = kernels[at % up];
    if (kernel) {
      out[n] = convolve(pcm, kernel, Math.floor(at / up));
    }
  }
  return out;
}

function isRate(hz: number): boolean {
  return Number.isSafeInteger(hz) && hz > 0;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function convolve(
  pcm: Int16Array,
  kernel: Float64Array,
  centre: number,
): number {
  const start = centre - (kernel.length >> 1) + 1;
  let sum = 0;
  for (let k = 0; k < kernel.length; k++) {
    sum += (pcm[start + k] ?? 0) * (kernel[k] ?? 0);
  }
  return Math.max(-32_768, Math.min(32_767, Math.round(sum)));
}

/** One kernel per fractional position that an output sample can have between two input samples. */
function kernelsOf(up: number, down: number): Float64Array[] {
  const stretch = Math.max(1, down / up);
  const half = Math.ceil(ZERO_CROSSINGS * stretch);
  return Array.from({ length: up }, (_, phase) => {
    const kernel = Float64Array.from({ length: 2 * half }, (_unused, k) =>
      windowedSinc((k - half + 1 - phase / up) / stretch, half / stretch),
    );
    const gain = kernel.reduce((sum, tap) => sum + tap, 0);
    return kernel.map((tap) => tap / gain);
  });
}

function windowedSinc(x: number, half: number): number {
  if (Math.abs(x) >= half) {
    return 0;
  }
  const hann = 0.5 + 0.5 * Math.cos((Math.PI * x) / half);
  return x === 0 ? 1 : (hann * Math.sin(Math.PI * x)) / (Math.PI * x);
}
