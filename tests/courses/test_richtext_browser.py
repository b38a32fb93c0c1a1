"""Rich text that the sanitizer let through does nothing in a real browser, however often it is written."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.kit.chromium import Tab, chromium, find_chromium

from learning_service.domain.courses.rules.richtext import sanitize_html

BAD = '<img src=x onerror="hit(1)">'
QUOTED = "&lt;img src=x onerror=hit(1)&gt;"
VECTORS = [
    f"<svg></p><style><a id='</style>{BAD}'>",
    f"<math></p><style><!--</style>{BAD}--></style></math>",
    f"<form><math><mtext></form><form><mglyph><style></math>{BAD}",
    f'<math><mtext><table><mglyph><style><!--</style><img title="--{QUOTED}">',
    f'<math><mtext><table><mglyph><style><![CDATA[</style><img title="]]{QUOTED}">',
    f'<math><mtext><table><mglyph><style><math><table id="</table>"><img src onerror="hit(1)"></style>{BAD}',
    f"<math><annotation-xml encoding='text/html'><style><img title='</style>{BAD}'></style></annotation-xml></math>",
    f"<math><annotation><style><img title='</style>{BAD}'></annotation></math>",
    f"<math><mi><style><!--</style>{BAD}--></mi></math>",
    f"<math><ms><textarea></ms>{BAD}</textarea></math>",
    f"<math><mtext><iframe>{QUOTED}</iframe></mtext></math>",
    f"<math><iframe src='https://videos.example/a'>{QUOTED}</iframe></math>",
    f"<math><mtext><noscript><p title='</noscript>{BAD}'></noscript></mtext></math>",
    f"<math><xmp></math><p title='</xmp>{BAD}'></xmp>",
    f"<math><title><a title='</title>{BAD}'></title></math>",
    f"<math><mo><title><a title='</title>{BAD}'></title></mo></math>",
    f"<math><mtext><plaintext></mtext></math>{BAD}",
    f"<math><mrow><svg><foreignObject><math><mi><style>{QUOTED}</style>",
    f"<svg><desc><math><mtext><style><!--</style>{BAD}--></svg>",
    f"<math><mfenced open='\"' close='{QUOTED}'><mi>x</mi></mfenced></math>",
    f"<math><mi/><mi mathvariant='\">{QUOTED}'>x</mi></math>",
    "<math href='javascript:hit(1)'><mi xlink:href='javascript:hit(1)' actiontype='statusline#http://x'>CLICK</mi></math>",
    "<math><maction actiontype='statusline#x' xlink:href='javascript:hit(1)'>CLICK</maction></math>",
    f"<math><mtext><table><tr><td><mtext>{BAD}",
    f"<table><math><mtext><style><!--</style>{BAD}--></mtext></math></table>",
    f"<math><mtext>\u202e<table>{BAD}</table></mtext></math>",
    f"<math><mtext><b><mtext><a><math><mtext><a>{BAD}",
    f"<p><math><mi><p><math><mi><a title='{QUOTED}'>",
    f"<pre>\n<a title='</pre>{QUOTED}'>\n</pre>",
    f"<pre <pre>\n>{BAD}</pre>",
    f"<div><select><math><mtext><style></select>{BAD}",
    f"<math><malignmark><style><!--</style>{BAD}--></malignmark></math>",
    f"<math><mprescripts><none><style>*{{}}</style>{BAD}</none></mprescripts></math>",
    f"{'<div>' * 240}<math><mtext>{'<b>' * 5}<table><style><!--</style>{BAD}",
    f"{'<math><mtext>' * 100}<style><!--</style>{BAD}",
    f"<!--><math><mi>--{QUOTED}</mi></math>-->",
    f"<math><!--</math>{BAD}--></math>",
    f"<math><mtext></p><br></br><table>{BAD}<mi></table></mtext></math>",
]
ROUNDS = """
(async () => {
  window.hits = [];
  window.hit = what => hits.push(what);
  const found = [];
  const bad = root => {
    for (const element of root.querySelectorAll('*')) {
      if (/^(script|style|svg|object|embed|template|form)$/i.test(element.localName)) found.push(element.localName);
      for (const {name, value} of element.attributes)
        if (/^on/i.test(name) || /^\\s*javascript:/i.test(value)) found.push(name);
    }
  };
  for (const text of TEXTS) for (const around of ['div', 'p', 'td', 'select', 'math', 'svg']) {
    const inside = around === 'td' ? '<table><tr><td></td></tr></table>' : `<${around}></${around}>`;
    const box = document.createElement('section');
    document.body.append(box);
    box.innerHTML = inside;
    const place = box.querySelector(around);
    for (let round = 0; round < 4; round++) { place.innerHTML = round ? place.innerHTML : text; bad(place); }
    box.innerHTML = box.innerHTML; bad(box.firstElementChild ?? box);
    box.innerHTML = `<div>${text}</div>`; bad(box);
    box.remove();
  }
  await new Promise(done => setTimeout(done, 300));
  return {hits, found};
})()
"""


@pytest.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Tab]:
    """A page of a real browser."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium here: install chromium, or name one in CHROMIUM_PATH")
    async with chromium(executable, tmp_path / "profile") as page:
        yield page


async def hurt(tab: Tab, texts: list[str]) -> tuple[list[object], list[str]]:
    await tab.goto("data:text/html,<!doctype html><body></body>")
    result = await tab.evaluate(ROUNDS.replace("TEXTS", json.dumps(texts)))
    return result["hits"], result["found"]


@pytest.mark.long
async def test_nothing_that_passed_the_sanitizer_runs_or_turns_into_what_could(tab: Tab) -> None:
    clean = [sanitize_html(text, video_hosts=frozenset({"videos.example"}))[0] for text in VECTORS]
    assert await hurt(tab, clean) == ([], [])
    # The texts as they came do run: the page would have noticed.
    hits, found = await hurt(tab, VECTORS[:3])
    assert hits
    assert found
