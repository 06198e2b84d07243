"""Checks the feeds and sitemaps in a folder: `feeds.py FOLDER`.

Files end in .rss, .atom, .json or .sitemap.xml. feedparser must take every feed without
a complaint and find in it what there is; beyond that each form is held to the rules of
its specification that a program can check.
"""

import datetime
import email.utils
import json
import pathlib
import re
import sys
import urllib.parse
import xml.etree.ElementTree as ET

import feedparser

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def need(holds, what):
    if not holds:
        raise ValueError(what)


def text(element, name):
    found = element.find(name)
    need(found is not None and (found.text or "").strip(), f"{element.tag} needs {name}")
    return found.text


def is_address(value):
    need(isinstance(value, str), f"{value!r} is no address")
    parts = urllib.parse.urlsplit(value)
    need(parts.scheme in ("http", "https") and parts.netloc, f"{value!r} is no absolute address")


def is_instant(value):
    need(isinstance(value, str) and RFC3339.fullmatch(value), f"{value!r} is not RFC 3339")
    datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))


def once(values, what):
    need(len(set(values)) == len(values), f"{what} are there twice")


def is_rss(root):
    need(root.tag == "rss" and root.get("version") == "2.0", "no RSS 2.0")
    channel = root.find("channel")
    for name in ("title", "description", "language"):
        text(channel, name)
    is_address(text(channel, "link"))
    need(email.utils.parsedate_to_datetime(text(channel, "lastBuildDate")), "no date")
    own = [link for link in channel.findall(ATOM + "link") if link.get("rel") == "self"]
    need(len(own) == 1 and own[0].get("type") == "application/rss+xml", "one atom:link rel=self")
    is_address(own[0].get("href"))
    items = channel.findall("item")
    once([text(item, "guid") for item in items], "guids")
    for item in items:
        text(item, "title")
        is_address(text(item, "link"))
        guid = item.find("guid")
        need(guid.get("isPermaLink") == "false" and guid.text.startswith("urn:uuid:"), "guid")
        need(email.utils.parsedate_to_datetime(text(item, "pubDate")), "no date")
        need(len(item.findall(CONTENT + "encoded")) <= 1, "content:encoded more than once")
    return items


def is_atom(root):
    need(root.tag == ATOM + "feed", "no Atom")
    for element in [root, *root.findall(ATOM + "entry")]:
        for name in ("id", "title", "updated"):
            need(len(element.findall(ATOM + name)) == 1, f"one {name}")
        need(urllib.parse.urlsplit(text(element, ATOM + "id")).scheme, "an id is an IRI")
        is_instant(text(element, ATOM + "updated"))
        for author in element.findall(ATOM + "author"):
            need(author.find(ATOM + "name") is not None, "an author has a name")
        links = element.findall(ATOM + "link")
        for link in links:
            is_address(link.get("href"))
        alternates = [link for link in links if link.get("rel") == "alternate"]
        need(len(alternates) == 1, "one link rel=alternate")
    need(root.find(ATOM + "author") is not None, "somebody is responsible")
    need(any(link.get("rel") == "self" for link in root.findall(ATOM + "link")), "link rel=self")
    entries = root.findall(ATOM + "entry")
    once([text(entry, ATOM + "id") for entry in entries], "ids")
    for entry in entries:
        is_instant(text(entry, ATOM + "published"))
        content, summary = entry.find(ATOM + "content"), entry.find(ATOM + "summary")
        need(content is not None or summary is not None, "content or summary")
        need(content is None or content.get("type") == "html", "content is HTML")
    return entries


# What https://www.jsonfeed.org/version/1.1/ says of each member: whether it must be
# there, and what it is.
FEED = {
    "version": (True, str), "title": (True, str), "home_page_url": (False, "address"),
    "feed_url": (False, "address"), "description": (False, str), "user_comment": (False, str),
    "next_url": (False, "address"), "icon": (False, "address"), "favicon": (False, "address"),
    "authors": (False, list), "language": (False, str), "expired": (False, bool),
    "hubs": (False, list), "items": (True, list),
}
ITEM = {
    "id": (True, str), "url": (False, "address"), "external_url": (False, "address"),
    "title": (False, str), "content_html": (False, str), "content_text": (False, str),
    "summary": (False, str), "image": (False, "address"), "banner_image": (False, "address"),
    "date_published": (False, "instant"), "date_modified": (False, "instant"),
    "authors": (False, list), "tags": (False, list), "language": (False, str),
    "attachments": (False, list),
}
AUTHOR = {"name": (False, str), "url": (False, "address"), "avatar": (False, "address")}


def fits(thing, members):
    need(isinstance(thing, dict), f"{thing!r} is no object")
    for name in thing:
        need(name in members or name.startswith("_"), f"{name} is no member")
    for name, (required, kind) in members.items():
        if name not in thing:
            need(not required, f"{name} is missing")
        elif kind == "address":
            is_address(thing[name])
        elif kind == "instant":
            is_instant(thing[name])
        else:
            need(isinstance(thing[name], kind), f"{name} is {thing[name]!r}")


def is_json_feed(feed):
    fits(feed, FEED)
    need(feed["version"] == "https://jsonfeed.org/version/1.1", "version")
    need(feed.get("next_url") != feed["feed_url"], "next_url is another than feed_url")
    for item in feed["items"]:
        fits(item, ITEM)
        need("content_html" in item or "content_text" in item, "a content")
        need(all(isinstance(tag, str) for tag in item.get("tags", [])), "tags are texts")
    for author in feed.get("authors", []) + [a for i in feed["items"] for a in i.get("authors", [])]:
        fits(author, AUTHOR)
        need(author, "an author has a name, a url or an avatar")
    once([item["id"] for item in feed["items"]], "ids")
    return feed["items"]


def is_sitemap(root):
    if root.tag == SITEMAP + "sitemapindex":
        entries = root.findall(SITEMAP + "sitemap")
        need(len(entries) == len(root), "only sitemaps")
    else:
        need(root.tag == SITEMAP + "urlset", "no sitemap")
        entries = root.findall(SITEMAP + "url")
        need(len(entries) == len(root), "only addresses")
    need(len(entries) <= 50_000, "too many")
    once([text(entry, SITEMAP + "loc") for entry in entries], "addresses")
    for entry in entries:
        is_address(text(entry, SITEMAP + "loc"))
        news = entry.find(NEWS + "news")
        if news is None:
            is_instant(text(entry, SITEMAP + "lastmod"))
            continue
        publication = news.find(NEWS + "publication")
        text(publication, NEWS + "name")
        need(re.fullmatch(r"[a-z]{2,3}|zh-(cn|tw)", text(publication, NEWS + "language")), "language")
        is_instant(text(news, NEWS + "publication_date"))
        text(news, NEWS + "title")
    return entries


def parsed(raw, count):
    """feedparser's own opinion."""
    feed = feedparser.parse(raw)
    need(not feed.bozo, f"feedparser: {feed.get('bozo_exception')!r}")
    need(len(feed.entries) == count, f"feedparser finds {len(feed.entries)} of {count}")
    for entry in feed.entries:
        need(entry.get("id") and entry.get("link") and entry.get("title"), "feedparser misses something")
        need(entry.get("published_parsed"), "feedparser reads no date")


def check(file):
    raw = file.read_bytes()
    if file.name.endswith(".json"):
        is_json_feed(json.loads(raw.decode("utf-8")))
        return
    root = ET.fromstring(raw)
    if file.name.endswith(".sitemap.xml"):
        need(len(raw) <= 50 << 20, "too long")
        is_sitemap(root)
    elif file.name.endswith(".rss"):
        parsed(raw, len(is_rss(root)))
    elif file.name.endswith(".atom"):
        parsed(raw, len(is_atom(root)))
    else:
        raise ValueError("unknown kind of file")


def main():
    failed, files = 0, sorted(pathlib.Path(sys.argv[1]).iterdir())
    for file in files:
        try:
            check(file)
        except Exception as error:
            failed += 1
            print(f"{file.name}: {error!r}\n{file.read_text('utf-8', 'replace')[:2_000]}")
    print(f"{len(files) - failed} accepted, {failed} not")
    sys.exit(1 if failed else 0)


main()
