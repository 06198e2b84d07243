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

const listeners = new Set();
let reachable = true;

/** Tells whether the newsroom could be reached the last time it was asked. */
export function onReachable(listener) {
  listeners.add(listener);
}

/** Notes that the newsroom has answered, or that it hasn't. */
export function reached(now) {
  if (now === reachable) return;
  reachable = now;
  for (const listener of listeners) listener(now);
}

export const isReachable = () => reachable;

export function address(path, parameters = {}) {
  const url = new URL(path, API);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, value);
  }
  return url;
}

/**
 * The JSON at a path. `fresh` asks the server even if the browser has an answer
 * that would do (an unchanged one costs a 304). An answer out of the browser's cache
 * says nothing about the network: while there is none, the server is always asked.
 */
export async function get(path, parameters, { fresh = false } = {}) {
  const asked = fresh || !reachable;
  let response;
  try {
    response = await fetch(address(path, parameters), {
      cache: asked ? 'no-cache' : 'default',
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch (cause) {
    reached(false);
    throw new Unreachable('Keine Verbindung', { cause });
  }
  // In front of a server that is down stands a proxy that isn't.
  if (response.status >= 502) {
    reached(false);
    throw new Unreachable(`Antwort ${response.status}`);
  }
  if (asked) reached(true);
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => null);
  throw new Refused(response.status, problem);
}
