"""A dozen calls with the generated Python client, as a script makes them:

    python calls.py http://127.0.0.1:PORT KEY"""

import sys

from perspektive import AuthenticatedClient, Client, models
from perspektive.api.articles import (
    create_article, get_article, get_article_related, list_articles, publish_article, put_article, search_articles,
    suggest, trash_article,
)
from perspektive.api.auth import whoami
from perspektive.api.authors import get_author
from perspektive.api.lists import get_list
from perspektive.api.redirects import resolve_address
from perspektive.api.sections import get_section
from perspektive.api.site import get_site
from perspektive.api.sync import count_changes, get_home, list_changes
from perspektive.api.topics import get_topic
from perspektive.types import UNSET

base, key = sys.argv[1:]
reader = Client(base_url=base)
editor = AuthenticatedClient(base_url=base, token=key)
calls = 0


def got(answer, kind):
    """What was asked for, in the type that the description promises."""
    global calls
    calls += 1
    assert isinstance(answer.parsed, kind), (answer.status_code, answer.content[:500])
    return answer.parsed


def words(spans):
    return "".join(span.text for span in spans)


def text(block):
    """The text of a block, by its class."""
    match block:
        case models.ParagraphBlock() | models.HeadingBlock():
            return words(block.spans)
        case models.ListBlock():
            return "\n".join(text(inner) for item in block.items for inner in item.blocks)
        case models.QuoteBlock() | models.CalloutBlock():
            return "\n".join(map(text, block.blocks))
        case models.GalleryBlock():
            return "\n".join(image.alt or "" for image in block.images)
        case models.TableBlock():
            return "\n".join(words(cell.spans) for row in block.rows for cell in row)
        case models.ImageBlock():
            return block.alt or ""
        case models.EmbedBlock():
            return block.url
        case models.CodeBlock():
            return block.text
        case models.RelatedBlock():
            return str(block.index)
        case models.DividerBlock():
            return ""
    raise AssertionError(block)


SLUG = "stadtrat-beschliesst-kostenlosen-nahverkehr"

# Reading.
site = got(get_site.sync_detailed(client=reader, include="sections"), models.SitePage)
assert site.sections[0].name
article = got(get_article.sync_detailed(SLUG, client=reader, include="more"), models.Article)
assert len("\n".join(map(text, article.body.blocks))) > 500
between = next(block for block in article.body.blocks if isinstance(block, models.RelatedBlock))
assert article.related[between.index].article.headline
assert article.more

seen, cursor = set(), UNSET
while True:
    page = got(list_articles.sync_detailed(client=reader, limit=12, cursor=cursor), models.CardPage)
    seen |= {card.id for card in page.items}
    cursor = page.next_cursor
    if cursor is UNSET:
        break
assert len(seen) > 24, seen

kinds = set()
for one in seen:
    whole = got(get_article.sync_detailed(str(one), client=reader), models.Article)
    kinds |= {type(block) for block in whole.body.blocks if text(block) is not None}
assert len(kinds) == 12, kinds

got(get_article_related.sync_detailed(SLUG, client=reader), models.RelatedPage)
got(get_section.sync_detailed("politik", client=reader), models.SectionPage)
got(get_topic.sync_detailed("verkehr", client=reader), models.TopicItem)
got(get_author.sync_detailed("mara-lenz", client=reader), models.AuthorItem)
assert got(get_list.sync_detailed("home", client=reader), models.CuratedList).items
assert got(resolve_address.sync_detailed(client=reader, url_query=article.share.url), models.Resolved).article.id == article.id
missing = got(get_article.sync_detailed("gibt-es-nicht", client=reader), models.ProblemDocument)
assert missing.type_.endswith("/problems/not-found") and missing.request_id

hits = got(search_articles.sync_detailed(client=reader, q="kostenloser Nahverkehr"), models.SearchPage).items
assert hits[0].slug == SLUG and any(span.match for span in hits[0].highlights.headline)
assert got(suggest.sync_detailed(client=reader, q="nahv"), models.SuggestPage).items[0].text

# Keeping in step.
home = got(get_home.sync_detailed(client=reader, limit=2), models.Home)
assert home.latest and home.sections[0].items and home.lists[0].slug == "home"
kept, place, more = {}, UNSET, True
while more:
    page = got(list_changes.sync_detailed(client=reader, cursor=place, fields="body,media", limit=20), models.ChangePage)
    kept |= {change.id: change.article for change in page.items if change.type_ == "article" and change.op == "upsert"}
    place, more = page.next_cursor, page.has_more
assert len(kept) == len(seen) and all(text(article.body.blocks[0]) for article in kept.values())
assert got(count_changes.sync_detailed(client=reader, cursor=place), models.ChangeCount).count == 0

# Writing, with a key.
assert got(whoami.sync_detailed(client=editor), models.Whoami).user.name
blocks = [models.ParagraphBlockInput.from_dict({"type": "paragraph", "spans": [{"text": "Aus Python.", "marks": ["emphasis"]}]})]
draft = models.ArticleIn(headline="Aus Python", section="politik", body=models.BodyIn(blocks=blocks))
got(put_article.sync_detailed("aus-python", client=editor, body=draft, overwrite=True), models.Receipt)
got(publish_article.sync_detailed("aus-python", client=editor, body=models.Publish()), models.Receipt)
live = got(get_article.sync_detailed("aus-python", client=reader), models.Article)
assert text(live.body.blocks[0]) == "Aus Python."
changes = got(list_changes.sync_detailed(client=reader, cursor=place), models.ChangePage).items
assert [change.article.headline for change in changes if change.type_ == "article"] == ["Aus Python"]
refused = got(trash_article.sync_detailed("aus-python", client=editor), models.ProblemDocument)
assert refused.status == 428 and refused.detail
wrong = got(create_article.sync_detailed(client=editor, body=models.ArticleIn(headline="x" * 301)), models.ProblemDocument)
assert wrong.errors[0].pointer == "#/headline"

print(f"{calls} calls in Python")
