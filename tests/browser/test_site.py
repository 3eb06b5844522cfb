"""Each page of the site, light and dark, on a phone and on a wide screen."""

import pytest
from chromium import SCHEMES, SITE, WIDTHS

PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if "_static" not in path.parts)

PICTURES = "article img, article svg, article object"

# The part of a picture's pixels that differ clearly from its most common colour: WCAG's contrast of 3 to 1, for graphics.
VISIBLE = """
const picture = await (await fetch(`data:image/png;base64,${arguments[0]}`)).blob().then(createImageBitmap);
const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
canvas.drawImage(picture, 0, 0);
const { data } = canvas.getImageData(0, 0, picture.width, picture.height);
const counts = new Map();
for (let i = 0; i < data.length; i += 4) {
    const colour = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
}
const channel = (value) => (value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4);
const light = (colour) =>
    0.2126 * channel(colour >> 16) + 0.7152 * channel((colour >> 8) & 255) + 0.0722 * channel(colour & 255);
const ground = light([...counts].reduce((most, each) => (each[1] > most[1] ? each : most))[0]);
const differs = (colour) => (Math.max(light(colour), ground) + 0.05) / (Math.min(light(colour), ground) + 0.05) >= 3;
return [...counts].reduce((sum, [colour, count]) => sum + (differs(colour) ? count : 0), 0) / (data.length / 4);
"""


def pictures(browser, scheme):
    """The pictures that a page shows in a scheme."""
    other = SCHEMES[1 - SCHEMES.index(scheme)]
    return [picture for picture in browser.find_all(PICTURES) if f"only-{other}" not in (picture.get_attribute("class") or "")]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_the_screen_shows_its_pictures_and_is_accessible(browser, page):
    browser.open(page)
    # The dark scheme changes only colours.
    for scheme, rules in zip(SCHEMES, ({}, {"runOnly": ["color-contrast"]})):
        for width in WIDTHS:
            browser.show(width, scheme)
            assert browser.overflowing() == [], (width, scheme)
            assert browser.run("window.scrollTo(1000, 0); return window.scrollX") == 0, (width, scheme)
            for picture in pictures(browser, scheme):
                assert picture.is_displayed(), (width, scheme)
                browser.run("await arguments[0].decode?.()", picture)
                assert browser.run(VISIBLE, browser.picture(picture)) > 0.005, (width, scheme)
        assert browser.violations(**rules) == [], scheme
    assert browser.errors() == []


@pytest.mark.parametrize(
    ("words", "page"), [("SM_HP_", "routes"), ("boolean", "reference/errors"), ("checkpoint", "variables")]
)
def test_the_search_finds_a_word(browser, words, page):
    browser.open("index.html")
    browser.show(1280, "light")
    browser.find("input[name=q]").send_keys(words, "\n")
    browser.wait(lambda: "found" in browser.find("#search-results").text)
    links = [link.get_attribute("href") for link in browser.find_all("#search-results li a")]
    assert any(f"/{page}.html" in link for link in links), links
    assert browser.errors() == []


def test_only_the_page_of_the_playground_loads_its_code(browser):
    browser.open("rules.html")
    assert not any("playground/" in request for request in resources(browser))
    browser.open("playground.html")
    assert any("playground/page.js" in request for request in resources(browser))
    assert not any("pyodide" in request for request in resources(browser))


def resources(browser):
    return browser.run("return performance.getEntriesByType('resource').map((entry) => entry.name)")


def test_a_picture_that_is_as_dark_as_its_page_is_noticed(browser):
    browser.open("index.html")
    for colour, is_visible in (("#131416", False), ("#ffffff", True)):
        browser.run(
            'document.body.innerHTML = \'<div id="picture" style="width: 99px; height: 99px; background: #000; color: '
            f"{colour}\">a picture</div>'"
        )
        assert (browser.run(VISIBLE, browser.picture(browser.find("#picture"))) > 0.005) == is_visible
