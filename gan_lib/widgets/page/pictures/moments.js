/* What was seen of a training, in a memory that does not grow: when there are too many moments, every other one goes, and new
 * ones are kept half as often. The newest is always there. */
class Moments {
  constructor(most) {
    Object.assign(this, { most, kept: [], every: 1, newest: null });
  }

  add(moment) {
    const { kept, most, every } = this;
    this.newest = moment;
    if (kept.length && moment.step < kept.at(-1).step + every) return;
    if (kept.push(moment) <= most) return;
    this.every = 2 * Math.ceil((moment.step - kept[0].step) / most);
    this.kept = kept.filter((_, i) => i % 2 === 0);
  }

  get all() {
    return this.kept.at(-1) === this.newest ? this.kept : [...this.kept, this.newest];
  }
}
