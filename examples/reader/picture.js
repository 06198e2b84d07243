// Pictures: the browser picks a width from `widths` and `url_template`, a thumbhash
// stands in while it loads, and the space is kept, so that nothing jumps.

import { API } from './config.js';
import { el } from './dom.js';
import { asAddress } from './thumbhash.js';

const absolute = (address) => new URL(address, API).href;

/** An address at the API or elsewhere that an img may show, or null. */
function source(address) {
  try {
    const url = new URL(absolute(address));
    return /^https?:$/.test(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

const isWidth = (width) => Number.isInteger(width) && width > 0;

function srcset({ url_template: template, widths = [] }) {
  if (!template?.includes('{width}')) return null;
  return widths.filter(isWidth).map((width) => `${absolute(template.replace('{width}', width))} ${width}w`).join(', ') || null;
}

/**
 * The picture in a box of its own proportions, or of `ratio` ('16 / 9').
 * `sizes` says how wide it will be shown; `eager` is for the one on top.
 */
export function picture(image, { sizes = '100vw', ratio = null, eager = false, alt = image.alt } = {}) {
  const src = source(image.url);
  if (!src) return null;
  const box = el('span', { class: 'picture' });
  const natural = isWidth(image.width) && isWidth(image.height) ? `${image.width} / ${image.height}` : '3 / 2';
  box.style.aspectRatio = ratio ?? natural;
  const hash = image.thumbhash && asAddress(image.thumbhash);
  if (hash) box.style.backgroundImage = `url("${hash}")`;
  const img = el('img', {
    alt: image.decorative ? '' : alt ?? '',
    sizes,
    srcset: srcset(image),
    src,
    decoding: 'async',
    loading: eager ? 'eager' : 'lazy',
    fetchpriority: eager ? 'high' : null,
    // What doesn't come is told, not shown as broken.
    onerror: () => img.replaceWith(el('span', { class: 'instead' }, img.alt)),
  });
  if (image.focal_point) {
    const { x, y } = image.focal_point;
    img.style.objectPosition = `${x * 100}% ${y * 100}%`;
  }
  box.append(img);
  return box;
}

/** A picture with what is said about it. */
export function figure(image, options) {
  const shown = picture(image, options);
  const said = image.caption || image.credit;
  return shown && el('figure', { class: options?.class },
    shown,
    said && el('figcaption', {},
      image.caption && el('span', {}, image.caption),
      image.credit && el('span', { class: 'credit' }, image.credit)));
}
