import type { Address } from "../../abi/functions.js";
import { PyAny } from "../any.js";
import type { Attached } from "../attached.js";
import { typesOf, type PyClass } from "../py-class.js";

/*
 * Objects of Python's `datetime` module. The module is imported at the first use. Threads that do this at once meet
 * in Python's import lock, and all see the one module, whole; what each realm remembers of it is its own
 * (py-class.ts).
 */

function typeNamed(py: Attached, name: string): Address {
  using module = new PyAny(py, py.importModule("datetime"));
  return module.getAttr(name).leak();
}

/** Calls the type. */
function construct<T extends PyAny>(py: Attached, cls: PyClass<T>, values: readonly unknown[], named?: Readonly<Record<string, unknown>>): T {
  return new cls(py, py.call({ pointer: typesOf(py, cls)[0]! }, values, named));
}

/** An attribute that is a small int. */
function part(object: PyAny, name: string): number {
  using value = object.getAttr(name);
  return value.toJs() as number;
}

/** A part of the day. */
export interface TimeFields {
  readonly hour?: number;
  readonly minute?: number;
  readonly second?: number;
  readonly microsecond?: number;
  /** Where it is; without it, the time is naive. */
  readonly tzinfo?: PyTzInfo;
  /** 1: the second of two equal times when clocks are set back. */
  readonly fold?: 0 | 1;
}

/**
 * A `datetime.timedelta`: it never changes.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.import("datetime").getAttr("timedelta").call(3).cast(PyTimeDelta).days)); // 3
 * ```
 */
export class PyTimeDelta extends PyAny {
  static readonly typeName: string = "datetime.timedelta";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeNamed(py, "timedelta")];
  }

  /** @throws PyErr OverflowError beyond 999,999,999 days. */
  static create(py: Attached, days: number, seconds = 0, microseconds = 0): PyTimeDelta {
    return construct(py, PyTimeDelta, [days, seconds, microseconds]);
  }

  get days(): number {
    return part(this, "days");
  }

  /** Seconds of the last day: 0 to 86,399. */
  get seconds(): number {
    return part(this, "seconds");
  }

  /** Microseconds of the last second. */
  get microseconds(): number {
    return part(this, "microseconds");
  }

  /** The whole in seconds. */
  value(): number {
    return (this.days * 86_400 + this.seconds) + this.microseconds / 1e6;
  }
}

/**
 * A `datetime.tzinfo`: a time zone.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.import("datetime").getAttr("timezone").getAttr("utc").cast(PyTzInfo).str())); // UTC
 * ```
 */
export class PyTzInfo extends PyAny {
  static readonly typeName: string = "datetime.tzinfo";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeNamed(py, "tzinfo")];
  }

  /** `datetime.timezone.utc` */
  static utc(py: Attached): PyTzInfo {
    using timezone = new PyAny(py, typeNamed(py, "timezone"));
    return timezone.getAttr("utc").castInto(PyTzInfo);
  }

  /**
   * A zone that is always this far from UTC.
   * @throws PyErr ValueError for a day and more.
   */
  static fixedOffset(py: Attached, offset: PyTimeDelta): PyTzInfo {
    using timezone = new PyAny(py, typeNamed(py, "timezone"));
    return timezone.call(offset).castInto(PyTzInfo);
  }
}

/**
 * A `datetime.date`: it never changes.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.import("datetime").getAttr("date").call(2024, 2, 29).cast(PyDate).day)); // 29
 * ```
 */
export class PyDate extends PyAny {
  static readonly typeName: string = "datetime.date";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeNamed(py, "date")];
  }

  /**
   * @param month 1 to 12.
   * @throws PyErr ValueError when there is no such day.
   */
  static create(py: Attached, year: number, month: number, day: number): PyDate {
    return construct(py, PyDate, [year, month, day]);
  }

  get year(): number {
    return part(this, "year");
  }

  /** 1 to 12. */
  get month(): number {
    return part(this, "month");
  }

  get day(): number {
    return part(this, "day");
  }
}

/**
 * A `datetime.time`: it never changes.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.import("datetime").getAttr("time").call(12, 30).cast(PyTime).minute)); // 30
 * ```
 */
export class PyTime extends PyAny {
  static readonly typeName: string = "datetime.time";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeNamed(py, "time")];
  }

  /** @throws PyErr ValueError for fields out of range. */
  static create(py: Attached, fields: TimeFields): PyTime {
    return construct(py, PyTime, [], { ...fields });
  }

  get hour(): number {
    return part(this, "hour");
  }

  get minute(): number {
    return part(this, "minute");
  }

  get second(): number {
    return part(this, "second");
  }

  get microsecond(): number {
    return part(this, "microsecond");
  }
}

/**
 * A `datetime.datetime`, which in Python is a date too: `cast(PyDate)` works. It never changes.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.import("datetime").getAttr("datetime").call(2024, 2, 29, 12).cast(PyDateTime).time().hour)); // 12
 * ```
 */
export class PyDateTime extends PyAny {
  static readonly typeName: string = "datetime.datetime";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeNamed(py, "datetime")];
  }

  /** @throws PyErr ValueError for fields out of range. */
  static create(py: Attached, year: number, month: number, day: number, fields: TimeFields = {}): PyDateTime {
    return construct(py, PyDateTime, [year, month, day], { ...fields });
  }

  /** The same moment, in UTC. */
  static fromDate(py: Attached, date: Date): PyDateTime {
    const fields = {
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      second: date.getUTCSeconds(),
      microsecond: date.getUTCMilliseconds() * 1000,
      tzinfo: PyTzInfo.utc(py),
    };
    return PyDateTime.create(py, date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), fields);
  }

  /** The same moment, to the millisecond below. A naive datetime is taken as local time, as in Python. */
  value(): Date {
    using stamp = this.callMethod("timestamp");
    return new Date(Math.floor(Math.round((stamp.toJs() as number) * 1e6) / 1000));
  }

  /** The date's part. */
  date(): PyDate {
    return this.callMethod("date").castInto(PyDate);
  }

  /** The time's part, with its zone. */
  time(): PyTime {
    return this.callMethod("timetz").castInto(PyTime);
  }

  /** Its zone; `undefined` when it is naive. */
  zone(): PyTzInfo | undefined {
    const zone = this.getAttr("tzinfo");
    return zone.isNone() ? undefined : zone.castInto(PyTzInfo);
  }
}
