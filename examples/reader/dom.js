// Making elements. Text only ever becomes text nodes and addresses only pass
// `href`, so nothing that stands in an article can turn into markup or script.

/** el('a', {class: 'x', href: '/'}, 'text', node, [more]): an element; what is null or false is left out. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : value);
  }
  append(element, children);
  return element;
}

export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

/** Puts other children into an element; who stood on a link stands on it again. */
export function renew(element, ...children) {
  const active = document.activeElement;
  const target = element.contains(active) ? active.getAttribute('href') : null;
  element.replaceChildren(...children);
  if (target) element.querySelector(`a[href="${CSS.escape(target)}"]`)?.focus({ preventScroll: true });
}

/**
 * Marks an element that scrolls sideways with where there is more of it, for the edge
 * to fade. Gives what looks again, for when the content has changed.
 */
export function fading(element) {
  const look = () => {
    const more = element.scrollWidth - element.clientWidth - element.scrollLeft;
    element.toggleAttribute('data-before', element.scrollLeft > 1);
    element.toggleAttribute('data-after', more > 1);
  };
  element.addEventListener('scroll', look, { passive: true });
  new ResizeObserver(look).observe(element);
  return look;
}

/** A drawing from icons/ui.svg. */
export function icon(name) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  const use = document.createElementNS(space, 'use');
  use.setAttribute('href', `/icons/ui.svg#${name}`);
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}

const HARMLESS = new Set(['http:', 'https:', 'mailto:', 'tel:']);

/** An address that may stand in a link, or null. */
export function href(address) {
  try {
    const url = new URL(address);
    return HARMLESS.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link to somewhere else; only its text if the address is none. */
export function outward(address, attributes, ...children) {
  const target = href(address);
  return target
    ? el('a', { ...attributes, href: target, rel: 'noopener' }, ...children)
    : el('span', attributes, ...children);
}
