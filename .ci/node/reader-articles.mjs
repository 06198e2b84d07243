// What the reader is tried with: every block there is, and an answer that no API
// should give.

const text = (words, marks = [], link) => ({ text: words, marks, ...(link && { link }) });
const paragraph = (...spans) => ({ type: 'paragraph', spans });
const cell = (words) => ({ spans: [text(words)] });

/** An article with every type of block and every mark. */
export function everyBlock(picture) {
  const image = { id: picture, alt: 'Ein F über zwei Wellen' };
  return {
    kicker: 'Prüfstein', headline: 'Alle Bausteine', subheadline: 'Was ein Text enthalten kann', teaser: 'Von jedem einer.',
    section: 'wissen', topics: ['verkehr'], image: { id: picture },
    related: [{ article: 'was-kostet-der-kostenlose-nahverkehr' }, { url: 'https://quelle.example/', headline: 'Anderswo', relation: 'source' }],
    body: { blocks: [
      paragraph(text('Einfach, '), text('stark', ['strong']), text(', '), text('betont', ['emphasis']), text(', '), text('gestrichen', ['strike']), text(', '), text('Code', ['code']), text(', H'), text('2', ['subscript']), text('O, m'), text('2', ['superscript']), text(',\nneue Zeile, '),
        text('ein Link, ', [], { url: 'https://quelle.example/' }), text('halb stark', ['strong'], { url: 'https://quelle.example/' }), text(' und '), text('ein Artikel', [], { article: { slug: 'eine-nacht-auf-linie-3' } }), text('.')),
      { type: 'related', article: { slug: 'stadtrat-beschliesst-kostenlosen-nahverkehr' }, relation: 'background' },
      paragraph(text('Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenversicherungsanstalt.')),
      { type: 'related', url: 'https://quelle.example/214', headline: 'Die Vorlage', relation: 'source' },
      { type: 'heading', level: 2, spans: [text('Zweite Ebene')] },
      { type: 'heading', level: 3, spans: [text('Dritte Ebene')] },
      { type: 'heading', level: 4, spans: [text('Vierte Ebene')] },
      { type: 'list', ordered: false, items: [{ blocks: [paragraph(text('Eins')), { type: 'list', ordered: false, items: [{ blocks: [paragraph(text('darunter'))] }] }] }] },
      { type: 'list', ordered: true, start: 3, items: [{ blocks: [paragraph(text('Drei'))] }, { blocks: [paragraph(text('Vier'))] }] },
      { type: 'quote', blocks: [paragraph(text('Ein Satz.'))], cite: 'Jemand' },
      { type: 'image', ...image, caption: 'Die Bildunterschrift', credit: 'Zeichnung: Flussblick' },
      { type: 'gallery', images: [image, { ...image, caption: 'Zwei' }, image], caption: 'Drei Bilder' },
      { type: 'embed', url: 'https://www.youtube.com/watch?v=00000000000', caption: 'Ein Film' },
      { type: 'table', columns: [{}, { align: 'right' }], header: [cell('Was'), cell('Wie viel')], rows: [[cell('Busse'), cell('21')], [cell('Bahnen'), cell('3')]] },
      { type: 'code', language: 'sh', text: 'curl -s https://daten.example/ | head -n 1 # eine Zeile, die breiter ist als der Text neben ihr' },
      { type: 'callout', style: 'warning', title: 'Achtung', blocks: [paragraph(text('Ein Kasten.'))] },
      { type: 'divider' },
      paragraph(text('Schluss.')),
    ] },
  };
}

/** An article as somebody would like a reader to get it. */
export function hostile(article) {
  const run = 'window.pwned = true';
  const markup = `<img src=x onerror="${run}"><script>${run}</script>`;
  const script = `javascript:${run}`;
  return {
    ...article,
    headline: markup, kicker: markup, teaser: markup, subheadline: markup,
    image: { url: script, alt: `" onerror="${run}`, widths: ['1" onload="x'], url_template: `${script}//{width}`, thumbhash: markup, caption: markup },
    authors: [{ slug: `../${script}`, name: markup }],
    topics: [{ slug: '"><script>', name: markup }],
    corrections: [{ at: '2026-01-01T00:00:00Z', text: markup }],
    share: { url: script, title: markup, text: markup },
    body: { blocks: [
      paragraph(text(markup, ['strong', 'constructor', '__proto__'], { url: script })),
      paragraph(text('Daten', [], { url: 'data:text/html,<script>top.pwned=true</script>' })),
      { type: 'embed', provider: markup, url: script, caption: markup },
      { type: 'image', url: script, alt: markup, caption: markup },
      { type: 'code', language: markup, text: markup },
      { type: 'related', index: 0 }, { type: 'related', index: 99 },
      { type: 'constructor', text: 'Aus der Zukunft' }, { type: 'hologram', text: 'Aus der Zukunft' },
    ] },
    related: [{ placement: 'inline', relation: markup, headline: markup, url: script }, { placement: 'end', relation: 'source', headline: markup, url: script }],
  };
}
