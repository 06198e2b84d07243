// Passing an article on: the phone's own sheet where there is one, else the address
// on the clipboard, else the address to be copied by hand.

import { el, icon } from './dom.js';

/** @param {{url: string, title: string, text: string}} what */
export function shareButton(what) {
  const said = el('span', { class: 'said', role: 'status' });
  const byHand = el('input', { class: 'by-hand', type: 'text', readonly: true, hidden: true, value: what.url, 'aria-label': 'Adresse zum Kopieren' });
  const share = async () => {
    if (navigator.share && (navigator.canShare?.(what) ?? true)) {
      try {
        await navigator.share(what);
        return;
      } catch (error) {
        // Closing the sheet is no failure.
        if (error.name === 'AbortError') return;
      }
    }
    try {
      await navigator.clipboard.writeText(what.url);
      said.textContent = 'Link kopiert';
      setTimeout(() => { said.textContent = ''; }, 4000);
    } catch {
      byHand.hidden = false;
      byHand.select();
    }
  };
  return el('span', { class: 'share' },
    el('button', { type: 'button', onclick: share }, icon('share'), 'Teilen'), said, byHand);
}
