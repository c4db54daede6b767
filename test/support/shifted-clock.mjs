// Preloaded into a process whose clock is to show another time, going on at the pace of the real one.
const RealDate = Date;
const shift = Number(process.env.CLOCK_SHIFT_MS ?? 0);
globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + shift);
    else super(...parts);
  }
  static now() {
    return RealDate.now() + shift;
  }
};
