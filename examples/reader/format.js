// German words and dates. Dates are meant in the newsroom's time zone, wherever
// the reader is.

/** A space at which no line ends. */
export const HOLD = '\u00a0';

let zone = 'Europe/Berlin';
const makers = new Map();

export function useZone(name) {
  zone = name;
  makers.clear();
}

function format(time, options) {
  const key = JSON.stringify(options);
  if (!makers.has(key)) makers.set(key, new Intl.DateTimeFormat('de-DE', { timeZone: zone, ...options }));
  return makers.get(key).format(new Date(time));
}

/** Donnerstag, 26. November 2026 */
export const dateLine = (time = Date.now()) =>
  format(time, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });

/** 26. November 2026, 8.15 Uhr */
export const moment = (time) =>
  `${format(time, { day: 'numeric', month: 'long', year: 'numeric' }).replaceAll(' ', HOLD)}, ${clock(time)}${HOLD}Uhr`;

/** 8.15 */
export const clock = (time) => format(time, { hour: 'numeric', minute: '2-digit' }).replace(':', '.');

/** The moment of something that followed: on the same day the clock is enough. */
export const later = (time, before) => (day(time) === day(before) ? `${clock(time)}${HOLD}Uhr` : moment(time));

const day = (time) => format(time, { day: 'numeric', month: 'numeric', year: 'numeric' });

/** vor 5 Min., 8.15 Uhr, gestern, 21. November */
export function ago(time, now = Date.now()) {
  const minutes = Math.floor((now - Date.parse(time)) / 60_000);
  if (minutes < 1) return 'gerade eben';
  if (minutes < 60) return `vor${HOLD}${minutes}${HOLD}Min.`;
  if (day(time) === day(now)) return `${clock(time)}${HOLD}Uhr`;
  if (day(time) === day(now - 86_400_000)) return 'gestern';
  const year = format(time, { year: 'numeric' }) === format(now, { year: 'numeric' });
  return format(time, { day: 'numeric', month: 'long', ...(year ? {} : { year: 'numeric' }) });
}

export const minutes = (count) => (`${count}${HOLD}${count === 1 ? 'Minute' : 'Minuten'}`);

/** Mara Lenz, Jonte Behrens und Aylin Korkut */
export const enumerate = (names) => new Intl.ListFormat('de', { type: 'conjunction' }).format(names);

/** What kind of piece it is, where a reader should know before reading. */
export const kindLabel = (kind) =>
  ({ report: 'Reportage', interview: 'Interview', opinion: 'Kommentar', analysis: 'Analyse', review: 'Kritik' })[kind] ?? null;

export const relationLabel = (relation) =>
  ({ background: 'Hintergrund', follow_up: 'Wie es weiterging', opinion: 'Meinung', source: 'Quelle' })[relation] ?? 'Lesen Sie auch';
