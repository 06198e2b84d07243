//! Payloads that want to run, as many as there are ways in. They come in as
//! HTML and as Markdown; in no format that goes out may anything run.

use super::oracle;
use perspektive::content::{Body, from_html, from_markdown, to_html, to_markdown, to_text};
use serde_json::Value;

const HANDLERS: &[&str] = &[
    "onerror",
    "onload",
    "onclick",
    "onmouseover",
    "onfocus",
    "onblur",
    "onanimationstart",
    "ontoggle",
    "onbegin",
    "onpointerenter",
    "onwheel",
    "oncopy",
    "onbeforeinput",
    "OnErRoR",
    "onscrollend",
    "oncontentvisibilityautostatechange",
];

/// Tags with a place for a handler.
const TAGS: &[&str] = &[
    "<img src=x H=alert(1)>",
    "<img src='https://x.example/a.jpg' H='alert(1)'>",
    "<svg H=alert(1)>",
    "<svg/H=alert(1)>",
    "<body H=alert(1)>",
    "<details open H=alert(1)>x</details>",
    "<video H=alert(1)><source src=x></video>",
    "<a href=https://x.example/ H=\"alert(1)\">x</a>",
    "<p H=alert(1)>x</p>",
    "<iframe src=https://x.example/ H=alert(1)></iframe>",
    "<table H=alert(1)><tr H=alert(1)><td H=alert(1)>x</table>",
    "<input autofocus H=alert(1)>",
    "<math><mi//xlink:href=\"data:x\" H=alert(1)>x",
    "<x\u{C}H\n=\talert(1)>x",
];

/// Addresses that run something.
const ADDRESSES: &[&str] = &[
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "\tjavascript:alert(1)",
    "java\nscript:alert(1)",
    "java\tscript:alert(1)",
    "java&#10;script:alert(1)",
    "java&Tab;script:alert(1)",
    "java&NewLine;script:alert(1)",
    "javascript&colon;alert(1)",
    "javascript&#58;alert(1)",
    "javascript&#x3a;alert(1)",
    "&#106;avascript:alert(1)",
    "&#x6A;avascript:alert(1)",
    "&#0000106&#0000097&#0000118&#0000097script:alert(1)",
    "&#14;javascript:alert(1)",
    "\u{A0}javascript:alert(1)",
    "\u{FEFF}javascript:alert(1)",
    "\u{2028}javascript:alert(1)",
    "javascript://x.example/%0Aalert(1)",
    "javascript:/*--></title></style></textarea></script><svg/onload='+/\"/+/onmouseover=1/+/[*/[]/+alert(1)//'>",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "feed:javascript:alert(1)",
    "view-source:javascript:alert(1)",
    "blob:https://x.example/1",
    "file:///etc/passwd",
    "filesystem:https://x.example/x",
    "mhtml:https://x.example/x!y",
    "jar:https://x.example/x!/y",
    "livescript:alert(1)",
    "mocha:alert(1)",
    "https:javascript:alert(1)",
    "//javascript:alert(1)",
    "\\\\x.example\\y",
    "./javascript:alert(1)",
];

/// Elements with a place for an address.
const PLACES: &[&str] = &[
    "<a href=\"A\">x</a>",
    "<a href='A'>x</a>",
    "<a href=\"https://www.google.com/url?q=A\">x</a>",
    "<img src=\"A\" alt=x>",
    "<img data-src=\"A\" srcset=\"A 2x\">",
    "<picture><source srcset=\"A\"><img></picture>",
    "<iframe src=\"A\"></iframe>",
    "<iframe src=\"https://www.facebook.com/plugins/post.php?href=A\"></iframe>",
    "<embed src=\"A\">",
    "<object data=\"A\"></object>",
    "<video src=\"A\" poster=\"A\"></video>",
    "<form action=\"A\"><button formaction=\"A\">x</button></form>",
    "<svg><a xlink:href=\"A\"><text>x</text></a></svg>",
    "<svg><use href=\"A\"/></svg>",
    "<math><mtext href=\"A\">x</mtext></math>",
    "<blockquote cite=\"A\">x</blockquote>",
    "<blockquote class=\"twitter-tweet\"><a href=\"A\">x</a></blockquote>",
    "<div class=fb-post data-href=\"A\">x</div>",
    "<aside class=related><a href=\"A\">x</a></aside>",
    "<figure class=embed><a href=\"A\">x</a></figure>",
    "<p>[[A|x]]</p>",
    "<p>A</p>",
    "<base href=\"A\"><a href=x>x</a>",
    "<meta http-equiv=refresh content=\"0;url=A\">",
    "<link rel=stylesheet href=\"A\">",
    "<body background=\"A\">x",
];

/// What is neither.
const OTHERS: &[&str] = &[
    "<script>alert(1)</script>",
    "<SCRIPT SRC=https://x.example/x.js></SCRIPT>",
    "<script\n>alert(1)</script\n>",
    "<script/x>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script>alert(1)",
    "<script src=data:,alert(1)>",
    "<<script>alert(1)//<</script>",
    "<script><!--<script></script>--></script><img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><script xlink:href=data:,alert(1) />",
    "<svg><style><img src=x onerror=alert(1)></style>",
    "<svg><desc><script>alert(1)</script></desc></svg>",
    "<svg><foreignObject><iframe srcdoc='<script>alert(1)</script>'></foreignObject></svg>",
    "<svg><animate attributeName=href values=javascript:alert(1) /><a id=x><text>x</text></a></svg>",
    "<svg><set attributeName=onmouseover to=alert(1)></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<math><mtext><h1><a><h6></a></h6><mglyph><svg><mtext><style><a title=\"</style><img src onerror='alert(1)'>\"></style></h1>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<math><annotation-xml encoding=\"text/html\"><script>alert(1)</script></annotation-xml></math>",
    "<math><annotation-xml><style><img src=x onerror=alert(1)></style></annotation-xml></math>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>",
    "<noembed><img title=\"</noembed><img src=x onerror=alert(1)>\"></noembed>",
    "<noframes><img title=\"</noframes><script>alert(1)</script>\"></noframes>",
    "<textarea><img title=\"</textarea><img src=x onerror=alert(1)>\"></textarea>",
    "<title><img title=\"</title><img src=x onerror=alert(1)>\"></title>",
    "<xmp><p title=\"</xmp><svg/onload=alert(1)>\"></xmp>",
    "<style><p title=\"</style><svg/onload=alert(1)>\"></style>",
    "<iframe><p title=\"</iframe><svg/onload=alert(1)>\"></iframe>",
    "<plaintext><script>alert(1)</script>",
    "<template><script>alert(1)</script></template>",
    "<template shadowrootmode=open><script>alert(1)</script></template>",
    "<div><template><s><template><s><img src=x onerror=alert(1)>@shafigullin</s></template></s></template></div>",
    "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
    "<iframe srcdoc=\"&lt;script&gt;alert(1)&lt;/script&gt;\" src=https://x.example/></iframe>",
    "<style>@import 'https://x.example/x.css';</style>",
    "<style>body{background:url(javascript:alert(1))}</style>",
    "<p style=\"background:url(javascript:alert(1))\">x</p>",
    "<p style=\"width:expression(alert(1))\">x</p>",
    "<p style=\"behavior:url(x.htc);-moz-binding:url(x.xml#y)\">x</p>",
    "<p style=\"font-weight:bold;x:</p><script>alert(1)</script>\">x</p>",
    "<!--><script>alert(1)</script>-->",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<!-- --!><script>alert(1)</script>-->",
    "<!-- <!-- --> <script>alert(1)</script> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<svg><![CDATA[><img src=x onerror=alert(1)>]]></svg>",
    "<?php echo '<script>alert(1)</script>' ?>",
    "<?xml-stylesheet href=\"javascript:alert(1)\"?>",
    "<!DOCTYPE x [<!ENTITY e \"<script>alert(1)</script>\">]>&e;",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&ltscript&gtalert(1)&lt/script&gt",
    "&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;",
    "<img alt=\"<script>alert(1)</script>\" src=https://x.example/a.jpg>",
    "<img alt='\" onerror=alert(1) x=\"' src=https://x.example/a.jpg>",
    "<img src='https://x.example/\"onerror=\"alert(1)'>",
    "<img src=`x`onerror=alert(1)>",
    "<img \"\"\"><script>alert(1)</script>\">",
    "<a href='https://x.example/\"onmouseover=\"alert(1)'>x</a>",
    "<a href=\"https://x.example/'onmouseover='alert(1)\">x</a>",
    "<a href=https://x.example/ style=x:expression(alert(1))>x</a>",
    "<figure data-provider='\"><script>alert(1)</script>' class=embed><a href=https://x.example/>x</a></figure>",
    "<aside class=related data-relation='\"onclick=alert(1)'>x</aside>",
    "<aside class='callout callout-\"onclick=alert(1)'>x</aside>",
    "<pre><code class='language-\"onclick=alert(1)'>x</code></pre>",
    "<pre><code class='language-x</code></pre><script>alert(1)</script>'>x</code></pre>",
    "<pre></code></pre><script>alert(1)</script>",
    "<td align='\"onclick=alert(1)'>x",
    "<table><tr><td style='text-align:\"onclick=alert(1)'>x</table>",
    "<ol start='1\" onclick=\"alert(1)'><li>x</ol>",
    "<img width='1\" onerror=\"alert(1)' src=https://x.example/a.jpg>",
    "<figcaption><script>alert(1)</script></figcaption>",
    "<figure><img src=https://x.example/a.jpg><figcaption><img src=x onerror=alert(1)></figcaption></figure>",
    "<h1><script>alert(1)</script>Titel</h1>",
    "<title><script>alert(1)</script></title>",
    "<meta name=description content='<script>alert(1)</script>'>",
    "<meta property=og:title content='\"><img src=x onerror=alert(1)>'>",
    "<p class=teaser><img src=x onerror=alert(1)>Vorspann</p>",
    "[caption]<script>alert(1)</script>[/caption]",
    "[caption id=\"\"><script>alert(1)</script>\"]<img src=x onerror=alert(1)>[/caption]",
    "[embed]javascript:alert(1)[/embed]",
    "<isindex action=javascript:alert(1) type=image>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<keygen autofocus onfocus=alert(1)>",
    "<portal src=javascript:alert(1)>",
    "<applet code=javascript:alert(1)></applet>",
    "<frameset onload=alert(1)><frame src=javascript:alert(1)></frameset>",
    "<bgsound src=javascript:alert(1)>",
    "<layer src=https://x.example/x.js></layer>",
    "<xss style=x:expression(alert(1))>x</xss>",
    "<x:script xmlns:x=\"http://www.w3.org/1999/xhtml\">alert(1)</x:script>",
    "<xml id=x><i><b>&lt;img src=x onerror=alert(1)&gt;</b></i></xml><span datasrc=#x></span>",
    "<dialog open onclose=alert(1)><form method=dialog><button>x</button></form></dialog>",
    "<button popovertarget=x>x</button><xss onbeforetoggle=alert(1) popover id=x>x</xss>",
    "<input type=image src=x onerror=alert(1)>",
    "<select><style></select><svg onload=alert(1)></style></select>",
    "<select><iframe></select><svg/onload=alert(1)>",
    "<table><caption><script>alert(1)</script></caption></table>",
    "<table><script>alert(1)</script><tr><td>x</table>",
    "<a><table><a href=javascript:alert(1)>x</table>",
    "<b><p><a href=javascript:alert(1)></b>x</p>",
    "<p><svg><p><script>alert(1)</script></svg>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<math></p><style><!--</style><img src/onerror=alert(1)>",
    "<svg><p><style><!--</style><img src/onerror=alert(1)>--></style>",
    "<a href=\"https://x.example/\u{202A}\">x</a>",
    "<embed code=https://x.example/x.swf allowscriptaccess=always>",
    "<object><param name=src value=javascript:alert(1)></object>",
    "<video><track default src=x oncuechange=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<img src=x:x onerror=alert(1)//",
    "<a href=javascript:alert(1)",
    "<p/onclick=alert(1)>x",
    "</p onclick=alert(1)>x",
    "<p><!-- a --><!-- <script>alert(1)</script> --></p>",
    "<%<script>alert(1)</script>%>",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "<p>\"><script>alert(1)</script>",
    "';alert(1)//\\';alert(1)//\";alert(1)//--></SCRIPT>\">'><SCRIPT>alert(1)</SCRIPT>",
];

/// Every payload.
pub fn payloads() -> Vec<String> {
    let handlers = TAGS.iter().enumerate().flat_map(|(row, tag)| {
        // Not every pair, but every tag and every handler several times.
        let handlers = HANDLERS.iter().skip(row % 3).step_by(3);
        handlers.map(move |handler| tag.replace('H', handler))
    });
    let addresses = PLACES.iter().flat_map(|place| {
        ADDRESSES
            .iter()
            .map(move |address| place.replace('A', address))
    });
    let others = OTHERS.iter().map(|payload| (*payload).to_owned());
    handlers.chain(addresses).chain(others).collect()
}

/// What in a body could run in any of its formats.
fn harm(body: &Body) -> Option<String> {
    let json = serde_json::to_value(body).expect("JSON");
    let markdown = to_markdown(body);
    let again = from_markdown(&markdown, &|_| None).expect("our own Markdown is read");
    let _ = to_text(body);
    oracle::harm(&to_html(body))
        .or_else(|| bad_address(&json))
        .or_else(|| oracle::harm(&to_html(&again.body)))
}

/// An address in JSON that is not what a frontend may follow.
pub fn bad_address(json: &Value) -> Option<String> {
    match json {
        Value::Array(items) => items.iter().find_map(bad_address),
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            let Some(address) = value.as_str().filter(|_| name == "url") else {
                return bad_address(value);
            };
            let good = ["http://", "https://", "mailto:", "tel:"]
                .iter()
                .any(|scheme| address.to_ascii_lowercase().starts_with(scheme))
                && !address.contains(|c: char| {
                    c.is_whitespace() || c.is_control() || "<>\"`\\".contains(c)
                });
            (!good).then(|| address.to_owned())
        }),
        _ => None,
    }
}

#[test]
fn no_payload_runs_in_any_format() {
    let payloads = payloads();
    assert!(payloads.len() > 1_000, "{}", payloads.len());
    let mut read = 0;
    for payload in &payloads {
        for html in [
            payload.clone(),
            format!("<p>Text {payload} Text</p>"),
            format!("<table><tr><td>{payload}</td><td>x</td></tr></table>"),
            format!(
                "<figure><img src=https://x.example/a.jpg><figcaption>{payload}</figcaption></figure>"
            ),
            format!("<ul><li>{payload}</ul><blockquote>{payload}</blockquote>"),
        ] {
            // Characters that no text may hold are refused.
            let Ok(parsed) = from_html(&html, &|_| None) else {
                continue;
            };
            assert_eq!(harm(&parsed.body), None, "{html}");
            read += 1;
        }
        if let Ok(parsed) = from_markdown(payload, &|_| None) {
            assert_eq!(harm(&parsed.body), None, "{payload}");
        }
    }
    assert!(read > payloads.len() * 9 / 2, "{read}");
}

#[test]
fn what_would_run_is_reported() {
    for tag in TAGS {
        for handler in HANDLERS {
            let html = tag.replace('H', handler);
            // The one with a form feed in it is refused.
            let Ok(parsed) = from_html(&html, &|_| None) else {
                continue;
            };
            assert!(!parsed.warnings.is_empty(), "{html}");
        }
    }
    for address in &ADDRESSES[..18] {
        let html = format!("<p><a href=\"{address}\">Wort</a></p>");
        let Ok(parsed) = from_html(&html, &|_| None) else {
            continue;
        };
        let codes: Vec<&str> = parsed.warnings.iter().map(|warning| warning.code).collect();
        assert!(
            codes.contains(&"unsafe-link") || codes.contains(&"invalid-url"),
            "{html}: {codes:?}"
        );
        assert_eq!(to_text(&parsed.body).trim(), "Wort", "{html}");
    }
    for html in [
        "<script>x</script>",
        "<style>x</style>",
        "<template>x</template>",
        "<svg><path/></svg>",
        "<p style=\"x\">x</p>",
        "<iframe srcdoc=x></iframe>",
        "<!-- x -->",
    ] {
        let parsed = from_html(html, &|_| None).expect("it is read");
        assert!(!parsed.warnings.is_empty(), "{html}");
    }
}
