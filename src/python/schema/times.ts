import type { PyAny } from "../any.js";
import { PyDate, PyDateTime, PyTime, PyTimeDelta } from "../objects/datetime.js";
import type { Python } from "../python.js";
import { Schema } from "./schema.js";
import { SchemaError, unexpected, unfit } from "./schema-error.js";

/** Moments: datetimes with a zone. A Date has milliseconds, to which microseconds are rounded down. */
export class DateTimeSchema extends Schema<Date> {
  readonly name = "datetime with a zone";

  read(object: PyAny): Date {
    using moment = object.tryCast(PyDateTime);
    if (moment === undefined) {
      throw unexpected(this.name, object);
    }
    using offset = moment.callMethod("utcoffset");
    if (offset.isNone()) {
      throw new SchemaError(`expected ${this.name}, got a naive one`);
    }
    return moment.value();
  }

  write(py: Python, value: Date): PyAny {
    if (!(value instanceof Date) || Number.isNaN(value.getTime())) {
      throw unfit(this.name, value);
    }
    return PyDateTime.fromDate(py, value);
  }
}

/** A day of the calendar. */
export interface CalendarDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

/** Dates, and no datetimes, whose time of the day would be lost. */
export class DateSchema extends Schema<CalendarDate> {
  readonly name = "date";

  read(object: PyAny): CalendarDate {
    if (!object.instanceOf(PyDate) || object.instanceOf(PyDateTime)) {
      throw unexpected(this.name, object);
    }
    using date = object.cast(PyDate);
    return { year: date.year, month: date.month, day: date.day };
  }

  write(py: Python, value: CalendarDate): PyAny {
    if (typeof value !== "object" || value === null || [value.year, value.month, value.day].some((part) => !Number.isInteger(part))) {
      throw unfit(this.name, value);
    }
    return PyDate.create(py, value.year, value.month, value.day);
  }
}

/** A time of the day, of no zone. What is left out is 0. */
export interface ClockTime {
  readonly hour: number;
  readonly minute?: number;
  readonly second?: number;
  readonly microsecond?: number;
}

/** Times of the day without a zone, which the fields have not. */
export class TimeSchema extends Schema<ClockTime> {
  readonly name = "time without a zone";

  read(object: PyAny): Required<ClockTime> {
    using time = object.tryCast(PyTime);
    if (time === undefined) {
      throw unexpected(this.name, object);
    }
    using zone = time.getAttr("tzinfo");
    if (!zone.isNone()) {
      throw new SchemaError(`expected ${this.name}, got one with a zone`);
    }
    return { hour: time.hour, minute: time.minute, second: time.second, microsecond: time.microsecond };
  }

  write(py: Python, value: ClockTime): PyAny {
    if (typeof value !== "object" || value === null) {
      throw unfit(this.name, value);
    }
    const { hour, minute = 0, second = 0, microsecond = 0 } = value;
    if (![hour, minute, second, microsecond].every(Number.isInteger)) {
      throw unfit(this.name, value);
    }
    return PyTime.create(py, { hour, minute, second, microsecond });
  }
}

/** Lengths of time in seconds, to the microsecond. */
export class TimeDeltaSchema extends Schema<number> {
  readonly name = "timedelta";

  read(object: PyAny): number {
    using delta = object.tryCast(PyTimeDelta);
    if (delta === undefined) {
      throw unexpected(this.name, object);
    }
    return delta.value();
  }

  write(py: Python, value: number): PyAny {
    if (typeof value !== "number" || !Number.isFinite(value)) {
      throw unfit(this.name, value);
    }
    const seconds = Math.floor(value);
    return PyTimeDelta.create(py, 0, seconds, Math.round((value - seconds) * 1e6));
  }
}
