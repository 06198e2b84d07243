// Asking the API. Nothing here knows what a phone has kept: see newsroom.js.

import { API } from './config.js';

const PATIENCE = 10_000;

/** The API answered, but not with what was asked for. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.title ?? `Antwort ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

/** Nobody answered. */
export class Unreachable extends Error {}

export function address(path, parameters = {}) {
  const url = new URL(path, API);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, value);
  }
  return url;
}

/**
 * The JSON at a path. `fresh` asks the server even if the browser has an answer
 * that would do (an unchanged one costs a 304).
 */
export async function get(path, parameters, { fresh = false } = {}) {
  let response;
  try {
    response = await fetch(address(path, parameters), {
      cache: fresh ? 'no-cache' : 'default',
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch (cause) {
    throw new Unreachable('Keine Verbindung', { cause });
  }
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => null);
  // In front of a server that is down stands a proxy that isn't.
  if (response.status >= 502) throw new Unreachable(`Antwort ${response.status}`);
  throw new Refused(response.status, problem);
}
