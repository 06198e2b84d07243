//! HTML as editors have it, and the blocks and warnings it becomes.

use perspektive::content::{Parsed, from_html, from_html_body_with};
use std::fmt::Write;

/// Addresses of our own website.
pub fn own(url: &str) -> Option<String> {
    url.strip_prefix("https://zeitung.example/")
        .map(|rest| rest.trim_end_matches('/').to_owned())
}

fn parse(html: &str) -> Parsed {
    from_html(html, &own).unwrap_or_else(|errors| panic!("{html}: {errors:?}"))
}

/// What a piece of HTML becomes: a line a block, a line a warning.
fn show(html: &str) -> String {
    let parsed = parse(html);
    let mut shown = format!("{}\n", html.trim());
    for (name, value) in [("headline", &parsed.headline), ("teaser", &parsed.teaser)] {
        if let Some(value) = value {
            let _ = writeln!(shown, "  {name}: {value}");
        }
    }
    for block in &parsed.body.blocks {
        let json = serde_json::to_string(block).expect("JSON");
        let json = json.replace(",\"marks\":[]", "").replace("\"type\":", "");
        let _ = writeln!(shown, "  = {json}");
    }
    for warning in &parsed.warnings {
        let (line, column) = (warning.line.unwrap_or(0), warning.column.unwrap_or(0));
        let _ = writeln!(
            shown,
            "  ! {line}:{column} {}: {}",
            warning.code, warning.detail
        );
    }
    shown
}

fn all(cases: &[&str]) -> String {
    cases.iter().map(|html| show(html) + "\n").collect()
}

macro_rules! snapshot {
    ($name:literal, $cases:expr) => {
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!($name, all($cases));
        });
    };
}

#[test]
fn running_text() {
    snapshot!(
        "html_running_text",
        &[
            "Der Rat stimmte <b>einstimmig</b> zu.",
            "<p>Ein   Satz\n  über <em>zwei\nZeilen</em> .</p><p>Und &auml;&#8222;noch&#8220; einer&nbsp;!</p>",
            "<p><strong>a</strong><i>b</i><del>c</del><code>d</code>H<sub>2</sub>O m<sup>2</sup></p>",
            "<p>eins<br>zwei<br/>\ndrei<br><br>vier</p>",
            "<div>Erster<br><br><br>Zweiter</div>",
            "<p><b>fett<p>auch fett</b></p>mager",
            "<p>Wort<span> </span><b> fett </b> weiter</p>",
            "<p><u>unterstrichen</u> <mark>markiert</mark> <small>klein</small> <u>nochmal</u></p>",
            "<div><div><section>tief <span><span>innen</span></span></section></div> daneben</div>",
            "<p><a href=\"https://a.example/x\">Link <b>fett</b></a>, <a href=\"mailto:a@b.example\">Post</a></p>",
            "<p><a href=\"https://zeitung.example/was-kostet-das\">eigener</a> <a href=\"//b.example/y\">ohne Schema</a></p>",
            "<p><a href=\"/relativ\">relativ</a> <a href=\"javascript:alert(1)\">böse</a> <a href=\"#unten\">unten</a> <a name=x>Anker</a></p>",
            "<p><a href=\"https://www.google.com/url?q=https%3A%2F%2Fc.example%2Fz%3Fa%3D1&amp;sa=D&amp;source=editors\">Umweg</a></p>",
            "<p title=\"Tipp\">Mit <abbr title=\"Deutsche Presse-Agentur\">dpa</abbr></p>",
            "<p></p><p>&nbsp;</p><p> <br> </p>",
            "<p>1 &lt; 2 &amp;&amp; 3 > 2</p>",
        ]
    );
}

#[test]
fn headings_and_heads() {
    snapshot!(
        "html_headings",
        &[
            "<h1>Der Titel</h1><p>Text</p><h2>Zwei</h2><h3>Drei</h3><h5>Fünf</h5>",
            "<h1>Der <em>Titel</em></h1><h1>Noch einer</h1>",
            "<header><h1>Die Zeitung</h1></header><article><h1>Der Titel</h1><p>Text</p></article>",
            "<h2>Ohne Ende<p>Absatz<h3>Nächste</h3>",
            "<h2><span style=\"font-weight:400\">Aus</span> <strong>Docs</strong></h2>",
            "<ul><li><h3>In der Liste</h3></li></ul>",
            "<!doctype html><html><head><title>Titel – Zeitung</title><meta name=description content=\"Worum es geht.\"></head><body><p>Text</p></body></html>",
            "<title>Aus dem Browser</title><meta property=og:title content=\"Aus dem Netz\"><p>Text",
            "<title>Ganz anderes</title><h1>Der Titel</h1>",
            "<h1>Titel</h1><p class=\"lead\">Der <b>Vorspann</b>.</p><p>Text</p><p class=lead>Kein zweiter</p>",
            "<h1>Titel</h1><div class=\"article-intro teaser\"><p>Erster Satz.</p><p>Zweiter.</p></div><p>Text",
            "<div class=teaser><h3>Andere Meldung</h3><p>mit Text</p></div>",
            "---\nheadline: Aus dem Kopf\nteaser: Auch\n---\n<h1>Im Text</h1>\n<p class=teaser>Bleibt</p>",
            "---\nheadline: Gleich\n---\n<h1>Gleich</h1><p>Text",
            "<h1><img src=\"https://b.example/a.jpg\" alt=\"Bild\"> Titel</h1>",
        ]
    );
}

#[test]
fn lists_quotes_code_and_callouts() {
    snapshot!(
        "html_containers",
        &[
            "<ul><li>eins<li>zwei<ul><li>innen</ul><li><p>drei</p><p>mehr</p></ul>",
            "<ol start=3><li>a<ol><li>b</ol></ol>",
            "<ul><li>a</li><ul><li>direkt</li></ul>loser Text</ul>",
            "<dl><dt>Wort</dt><dd>Erklärung</dd></dl>",
            "<blockquote>Ein Satz.</blockquote>",
            "<blockquote><p>Ein Satz.</p><p>Noch einer.</p><cite>Mara Lenz</cite></blockquote>",
            "<blockquote><p>Satz.</p><footer>— <cite>Mara Lenz</cite>, <a href=\"https://a.example/\">Buch</a></footer></blockquote>",
            "<blockquote cite=\"https://a.example/q\">Satz.</blockquote>",
            "<figure><blockquote><p>Satz.</p></blockquote><figcaption>Mara Lenz</figcaption></figure>",
            "<figure class=\"wp-block-pullquote\"><blockquote><p>Satz.</p><cite>Mara</cite></blockquote></figure>",
            "<blockquote>außen<blockquote>innen</blockquote></blockquote>",
            "<blockquote><h3>Titel</h3><pre>code</pre><img src=\"https://b.example/a.jpg\"><ul><li>x</ul></blockquote>",
            "<pre>\n  zwei  Leer\n\tTab</pre><pre><code class=\"language-rust\">fn main() {}\n</code></pre>",
            "<pre class=\"lang-js\">a &lt; b<br>c</pre>",
            "<p>a</p><hr><ul><li>b<hr></ul>",
            "<aside class=\"callout callout-tip\"><p class=\"callout-title\">Rat</p><p>Text</p><table><tr><td>x</table></aside>",
            "<div class=infobox><p>Hinweis</p></div>",
            "<aside>Randnotiz</aside><details><summary>Mehr</summary>Text</details>",
        ]
    );
}

#[test]
fn tables() {
    snapshot!(
        "html_tables",
        &[
            "<table><thead><tr><th>A<th align=right>B</thead><tbody><tr><td>1<td>2<tr><td>3</table>",
            "<table><tr><th>A</th><th>B</th></tr><tr><td style=\"text-align:center\">1</td><td>2</td></tr></table>",
            "<table><tr><td>1</td><td>2</td></tr></table>",
            "<table><caption>Titel</caption><tr><td colspan=2>breit</td></tr><tr><td rowspan=2>hoch</td><td>a</td></tr><tr><td>b</td></tr></table>",
            "<table><tr><td><p>a</p><p>b</p><ul><li>c</ul></td><td><img src=\"https://b.example/a.jpg\" alt=x></td></tr></table>",
            "<table><tr><td><p>Nur Gestaltung</p><h2>Titel</h2></td></tr></table>",
            "<table><tr><td>außen</td><td><table><tr><td>innen</td><td>x</td></tr></table></td></tr></table>",
            "<figure class=\"wp-block-table\"><table><tbody><tr><td>a</td><td>b</td></tr></tbody></table><figcaption>Quelle: Amt</figcaption></figure>",
            "<table>verirrt<tr><td>a</td><td>b</td></tr></table>",
            "<table></table><table><tr></tr></table>",
        ]
    );
}

#[test]
fn pictures() {
    snapshot!(
        "html_pictures",
        &[
            "<img src=\"https://b.example/a.jpg\" alt=\"Ein Bild\" width=640 height=\"480px\">",
            "<figure><img src=\"https://b.example/a.jpg\" alt=\"\"><figcaption>Die Brücke <small>Foto: Mara Lenz</small></figcaption></figure>",
            "<figure><a href=\"https://b.example/gross.jpg\"><img src=\"https://b.example/a.jpg\"></a><figcaption>Mit <a href=\"https://a.example/\">Link</a></figcaption><span class=\"image-credit\">dpa</span></figure>",
            "<img src=\"https://b.example/linie.png\" alt=\"\" role=presentation>",
            "<p><img src=\"https://b.example/a.jpg\"> Text danach</p>",
            "<p>Text davor <img src=\"https://b.example/a.jpg\"></p>",
            "<p>Text <img src=\"https://b.example/a.jpg\"> mittendrin</p>",
            "<p><img src=\"https://b.example/a.jpg\">\n<img src=\"https://b.example/b.jpg\"></p>",
            "<div class=\"gallery\"><figure><img src=\"https://b.example/a.jpg\"><figcaption>eins</figcaption></figure><img src=\"https://b.example/b.jpg\"><p class=caption>Alle</p></div>",
            "<figure class=\"wp-block-gallery\"><ul class=\"blocks-gallery-grid\"><li class=\"blocks-gallery-item\"><figure><img src=\"https://b.example/a.jpg\"></figure></li></ul><figcaption>Eine</figcaption></figure>",
            "<div id=\"attachment_1\" class=\"wp-caption alignright\"><a href=\"https://b.example/a.jpg\"><img class=\"wp-image-1\" src=\"https://b.example/a-300.jpg\"></a><p class=\"wp-caption-text\">Unterschrift</p></div>",
            "<picture><source srcset=\"https://b.example/a.webp 1x, https://b.example/a2.webp 2x\"><img src=\"https://b.example/a.jpg\"></picture>",
            "<img src=\"data:image/gif;base64,R0lGOD\" data-src=\"https://b.example/spaet.jpg\" alt=x>",
            "<img class=lazy src=\"data:image/gif;base64,R0lGOD\" alt=x><noscript><img src=\"https://b.example/echt.jpg\" alt=x></noscript>",
            "<img data-src=\"https://b.example/a.jpg\"><noscript><img src=\"https://b.example/a.jpg\"></noscript>",
            "<img srcset=\"//b.example/s.jpg 320w, //b.example/l.jpg 1280w\">",
            "<img src=\"/relativ.jpg\" alt=\"Das Rathaus\"> und <img src=\"data:image/png;base64,AAAA\">",
            "<a href=\"https://a.example/\"><img src=\"https://b.example/a.jpg\"></a>",
            "<img src=\"https://zaehlpixel.example/x\" width=1 height=1>Text",
            "<figure><figcaption>Nur Text</figcaption></figure>",
            "<ul><li>a <img src=\"https://b.example/a.jpg\"></li></ul>",
        ]
    );
}

#[test]
fn embeds() {
    snapshot!(
        "html_embeds",
        &[
            "<iframe src=\"https://www.youtube.com/embed/dQw4w9WgXcQ?start=42&feature=oembed\" allowfullscreen></iframe>",
            "<iframe src=\"//player.vimeo.com/video/123?h=1\"></iframe>",
            "<iframe data-src=\"https://www.youtube-nocookie.com/embed/abc\" src=\"about:blank\"></iframe>",
            "<iframe src=\"https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/1\"></iframe>",
            "<iframe src=\"https://www.facebook.com/plugins/video.php?href=https%3A%2F%2Fwww.facebook.com%2Fx%2Fvideos%2F1%2F\"></iframe>",
            "<iframe src=\"https://datawrapper.dwcdn.net/AbC12/1/\" title=\"Karte\"></iframe>",
            "<figure><iframe src=\"https://open.spotify.com/embed/episode/1\"></iframe><figcaption>Zum Hören</figcaption></figure>",
            "<blockquote class=\"twitter-tweet\"><p>Heute im Rat <a href=\"https://t.co/x\">t.co/x</a></p>&mdash; Rat (@rat) <a href=\"https://twitter.com/rat/status/1?ref_src=twsrc%5Etfw\">1. Mai</a></blockquote><script async src=\"https://platform.twitter.com/widgets.js\"></script>",
            "<blockquote class=\"instagram-media\" data-instgrm-permalink=\"https://www.instagram.com/p/AbC/?utm_source=ig_embed\"><a href=\"https://www.instagram.com/p/AbC/\">Ansehen</a></blockquote>",
            "<blockquote class=\"tiktok-embed\" cite=\"https://www.tiktok.com/@x/video/1\"><section>x</section></blockquote>",
            "<div class=\"fb-post\" data-href=\"https://www.facebook.com/x/posts/1\"></div>",
            "<p>https://youtu.be/dQw4w9WgXcQ</p><p>Text mit https://youtu.be/x darin</p>",
            "<p><a href=\"https://vimeo.com/1\">https://vimeo.com/1</a></p><p><a href=\"https://a.example/\">https://a.example/</a></p>",
            "<figure class=\"wp-block-embed\"><div class=\"wp-block-embed__wrapper\">\nhttps://www.youtube.com/watch?v=1\n</div><figcaption>Film</figcaption></figure>",
            "[embed]https://vimeo.com/5[/embed]",
            "<video controls poster=x><source src=\"https://v.example/a.mp4\">Geht nicht</video><audio src=\"https://v.example/a.mp3\"></audio>",
            "<object><param name=movie value=\"https://www.youtube.com/v/abc\"><embed src=\"https://www.youtube.com/v/abc\"></object>",
            "<iframe src=\"javascript:alert(1)\"></iframe><iframe srcdoc=\"<p>x</p>\"></iframe><iframe src=\"https://zeitung.example/was\"></iframe>",
            "<p>https://zeitung.example/was-kostet-das</p>",
        ]
    );
}

#[test]
fn related_lines() {
    snapshot!(
        "html_related",
        &[
            "<p>[[was-kostet-das]]</p><p>[[was|Eigener Text|background]]</p><p>Davor<br>[[https://a.example/|Quelle]]<br>danach</p>",
            "[[was]]<br>Text",
            "<p>[[Kein Slug]]</p><p>[[a|b|c]]</p>",
            "<aside class=\"related\" data-relation=\"opinion\"><a href=\"https://zeitung.example/was\">Was?</a></aside>",
            "<aside class=\"related\" data-relation=\"source\"><a href=\"https://a.example/\">Quelle</a></aside><aside class=related>noch-nicht-da</aside>",
        ]
    );
}

#[test]
fn other_programs() {
    let word = r#"<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta name=Generator content="Microsoft Word 15"><!--[if gte mso 9]><xml><o:OfficeDocumentSettings/></xml><![endif]--><style><!-- p.MsoNormal {margin:0cm;} --></style></head>
<body lang=DE><!--StartFragment-->
<p class=MsoTitle>Der Fluss steigt<o:p></o:p></p>
<p class=MsoNormal><b style='mso-bidi-font-weight:normal'>Flussblick.</b> Der Pegel in <st1:place w:st="on">Oberau</st1:place> steigt.<o:p></o:p></p>
<p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp;</span></span><![endif]>Sandsäcke</p>
<p class=MsoListParagraphCxSpMiddle style='mso-list:l0 level2 lfo1'><!--[if !supportLists]-->o  <!--[endif]-->am <i>Ufer</i></p>
<p class=MsoListParagraphCxSpLast style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·</span>Pumpen</p>
<p class=MsoListParagraph style='mso-list:l1 level1 lfo2'><span style='mso-list:Ignore'>2.<span>&nbsp; </span></span>Zweitens</p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p>
<!--EndFragment--></body></html>"#;
    let docs = r##"<meta charset='utf-8'><b style="font-weight:normal;" id="docs-internal-guid-1"><p dir="ltr" style="line-height:1.38"><span style="font-size:11pt;font-weight:400">Normal, </span><span style="font-weight:700">fett</span><span style="font-style:italic"> kursiv</span><span style="text-decoration:line-through">weg</span><span style="font-size:0.6em;vertical-align:super;">2</span></p><ul><li dir="ltr" style="font-weight:400" aria-level="1"><p role="presentation"><span>Punkt</span></p></li><ul><li aria-level="2"><p><span>Unterpunkt</span></p></li></ul></ul><br><p><a href="https://www.google.com/url?q=https://zeitung.example/was&amp;sa=D"><span style="text-decoration:underline">Artikel</span></a><a href="#cmnt1">[a]</a></p></b>"##;
    let classic = "<!--more-->Erster Absatz\nmit Zeile.\n\nZweiter mit <strong>fett</strong>.\n\n[caption id=\"attachment_7\" align=\"alignleft\" width=\"300\"]<a href=\"https://b.example/wp-content/a.jpg\"><img class=\"wp-image-7\" src=\"https://b.example/wp-content/a-300.jpg\" alt=\"Brücke\" width=\"300\" height=\"200\" /></a> Die Brücke[/caption]\n\nDritter.\n<h3>Titel</h3>\nVierter.\n<blockquote>Zitat</blockquote>";
    let blocks = "<!-- wp:paragraph -->\n<p>Absatz</p>\n<!-- /wp:paragraph -->\n\n<!-- wp:image {\"id\":7} -->\n<figure class=\"wp-block-image size-large\"><img src=\"https://b.example/a.jpg\" alt=\"\" class=\"wp-image-7\"/><figcaption class=\"wp-element-caption\">Text</figcaption></figure>\n<!-- /wp:image -->\n\n<!-- wp:separator -->\n<hr class=\"wp-block-separator\"/>\n<!-- /wp:separator -->";
    snapshot!("html_other_programs", &[word, docs, classic, blocks]);
}

#[test]
fn what_is_left_out_is_said() {
    snapshot!(
        "html_left_out",
        &[
            "<p onclick=\"x()\" style=\"color:red\">Text</p>\n<script>let a = 1;</script>\n<script src=x></script>\n<p onclick=y onmouseover=z>mehr</p>",
            "<style>p { color: red }</style><template><p>Vorlage</p></template><!-- Notiz an mich -->Text",
            "<p>Vor <svg viewBox=\"0 0 1 1\"><title>Symbol</title><path d=\"M0 0\"/><text>im Bild</text></svg> nach <math><mi>x</mi><mo>=</mo><mn>2</mn></math></p>",
            "<form><label>Name</label><input value=geheim><select><option>eins<option>zwei</select><textarea>Text</textarea><button>Los</button></form>",
            "<nav><ul><li><a href=\"https://a.example/\">Start</a></ul></nav><footer>Impressum</footer>",
            "<p>Erst\n<p class=\"offen>Dann\n<p>Zuletzt",
            "<p>Erst <!-- offen\n<p>Dann",
            "<p>Erst <title>offen <p>Dann",
            "<p>Erst <iframe src=\"https://v.example/\"> <p>Dann <script>offen <p>Zuletzt",
            "<p>Ein <a href=\"https://a.example/><b>Link</b></a> und <a href=\"https://b.example/\">noch einer</a></p>",
            "<frameset><frame src=x></frameset><p>Text",
            "</div></p><p>Text</i></b><td>Zelle",
        ]
    );
}

#[test]
fn a_place_is_the_line_and_the_character_where_the_tag_starts() {
    let html = "---\nsection: politik\n---\n<p>äöü <u>a</u>\n  ß 👩 <mark\n title=x>b</mark></p>";
    let places: Vec<(&str, u32, u32)> = parse(html)
        .warnings
        .iter()
        .map(|w| (w.code, w.line.unwrap(), w.column.unwrap()))
        .collect();
    assert_eq!(
        places,
        [
            ("unknown-element", 4, 8),
            ("unknown-element", 5, 7),
            ("title", 5, 7),
        ]
    );
    let error = from_html("<p>Eins\n<p>zwei &#x202E; drei", &own).expect_err("refused");
    assert_eq!(error[0].code, "forbidden-character");
    assert!(error[0].detail.contains("Line 2"), "{}", error[0].detail);
    let error = from_html("<p>Eins\n<p>z\u{7}", &own).expect_err("refused");
    assert!(
        error[0].detail.contains("Line 2, column 5"),
        "{}",
        error[0].detail
    );
}

#[test]
fn a_body_alone_has_no_headline_and_no_front_matter() {
    let parsed = from_html_body_with("<h1>Titel</h1><p class=teaser>Vorspann</p>", &own, &|_| {
        None
    })
    .unwrap();
    assert_eq!((parsed.headline, parsed.teaser), (None, None));
    assert_eq!(parsed.body.blocks.len(), 2);
    assert_eq!(parsed.warnings[0].code, "heading-level");
}
