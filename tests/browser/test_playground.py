"""The playground of the built site: Python runs in the browser, and nothing that is typed leaves it."""

import json

import pytest
from chromium import SCHEMES, SITE, WIDTHS

pytestmark = pytest.mark.skipif(
    not (SITE / "_static" / "playground" / "pyodide").exists(), reason="the site has no Pyodide: npm is missing"
)

SECRET = "sk-1234567890abcdef"


class Page:
    """The page of the playground."""

    def __init__(self, browser):
        self.browser = browser

    def run(self, **fields):
        """Fill the form, run it, and wait for the answer. A field that is not named is empty."""
        self.fill(**{"hyperparameters": "", "channels": "", "platform": "toolkit", "typed": "", **fields})
        self.press()
        self.wait()

    def fill(self, **fields):
        for name, text in fields.items():
            self.browser.run(
                "document.getElementById('playground-form').elements[arguments[0]].value = arguments[1]", name, text
            )

    def press(self):
        self.browser.run("document.querySelector('#playground-form button').click()")

    def wait(self):
        self.browser.wait(lambda: self.button == "Run" and self.answer)

    @property
    def button(self):
        return self.browser.find("#playground-form button").text

    def is_in_python(self):
        """Whether the code of the reader runs, so that Python is loaded."""
        return self.button == "Stop" and not self.browser.find("progress").is_displayed()

    @property
    def answer(self):
        return self.browser.find("#playground-answer").text

    @property
    def error(self):
        return [each.text for each in self.browser.find_all(".playground-error")]

    def rows(self):
        """The rows of the table, by argument."""
        script = (
            "return [...document.querySelectorAll('#playground-answer tbody tr')].map(r => [...r.cells].map(c => c.innerText))"
        )
        return {name: row for name, *row in self.browser.run(script)}


@pytest.fixture
def page(browser):
    """The page, as it is between two runs of a reader."""
    browser.show(1280, "light")
    if not browser.driver.current_url.startswith(f"{browser.address}/playground.html"):
        browser.open("playground.html")
    yield Page(browser)
    assert browser.errors() == []


def test_the_first_run_shows_how_much_is_loaded(browser, page):
    browser.open("playground.html")
    browser.run(
        """
        const label = document.querySelector(".playground-progress label");
        window.labels = [];
        new MutationObserver(() => window.labels.push(label.textContent)).observe(label, { childList: true });
        """
    )
    page.press()
    page.wait()
    labels = browser.run("return window.labels")
    parts = [int(label.split(": ")[1].split()[0]) for label in labels if "%" in label]
    assert parts == sorted(parts)
    assert any(0 < part < 100 for part in parts)
    assert labels[-1] == "Starting Python"
    assert not browser.find("progress").is_displayed()
    assert page.rows()["--epochs"] == ["20", "int", "SM_HP_EPOCHS", "10 (default)"]


@pytest.mark.parametrize(
    ("platform", "text", "source"),
    [
        ("toolkit", "'[1, \\'a\\']'", "SM_HP_LAYERS"),
        ("sdk", "'[1, \"a\"]'", "SM_HP_LAYERS"),
        ("files", "'[1, \\'a\\']'", "hyperparameters.json"),
    ],
)
def test_a_row_has_what_the_platform_makes_of_a_value(page, platform, text, source):
    page.run(
        arguments='parser.add_argument("--layers")\nparser.add_argument("--train")',
        hyperparameters='{"layers": [1, "a"]}',
        channels="train",
        platform=platform,
    )
    value, *rest = page.rows()["--layers"]
    assert eval(value) == eval(text)
    assert rest == ["str", source]
    assert page.rows()["--train"][0] == "'/opt/ml/input/data/train'"
    assert f"from {source})" in page.answer


def test_the_error_of_a_job_is_one_line(page):
    page.run(arguments='parser.add_argument("--epochs", type=int)', hyperparameters='{"epochs": "many"}')
    assert page.error == ["train.py: error: argument --epochs: invalid int value: 'many' (from SM_HP_EPOCHS)"]
    assert page.rows() == {}


def test_the_error_of_the_readers_code_is_one_line(page):
    page.run(arguments="import argparse\nimport torch")
    assert page.error == ["line 2: ModuleNotFoundError: No module named 'torch'"]


def test_an_example_of_a_page_opens_and_runs(browser, page):
    browser.open("values.html")
    links = browser.find_all(".playground-link a")
    assert {link.text for link in links} == {"Open in the playground"}
    (link,) = (link for link in links if "optimizer" in link.get_attribute("href"))
    browser.run("arguments[0].click()", link)
    browser.wait(lambda: browser.find_all("#playground-form"))
    page.wait()
    assert page.error == []
    assert {name: eval(row[0]) for name, row in page.rows().items()} == {
        "--amp": False,
        "--layers": [256, 128],
        "--optimizer": {"name": "adam"},
    }


def test_the_address_of_a_run_opens_the_same_run(browser, page):
    page.run(arguments='parser.add_argument("--a")', hyperparameters='{"a": "x&y=z +%"}', platform="sdk")
    rows = page.rows()
    assert rows["--a"][0] == "'x&y=z +%'"
    browser.open(browser.driver.current_url[len(browser.address) + 1 :])
    page.wait()
    assert page.rows() == rows


def test_a_secret_is_masked_and_nothing_that_is_typed_is_sent(browser, page):
    page.run(arguments='parser.add_argument("--api-key")', hyperparameters=json.dumps({"api_key": SECRET}))
    assert page.rows()["--api-key"][0] == "******"
    assert SECRET not in page.answer
    assert all(request.startswith("GET ") for request in browser.requests)
    assert not any(SECRET in request or "api" in request.partition("?")[2] for request in browser.requests)


def test_code_that_does_not_end_can_be_stopped(browser, page):
    browser.open("playground.html")
    page.fill(arguments="while True: pass")
    page.press()
    page.browser.wait(lambda: page.is_in_python())
    page.press()
    assert page.button == "Run"
    page.run(arguments='parser.add_argument("--a", default=1)')
    assert page.rows()["--a"] == ["1", "int", "default"]


def test_an_answer_fits_the_screen_and_is_accessible(browser, page):
    arguments = 'for name in ("--a", "--a-name-that-is-very-long-for-an-argument"):\n    parser.add_argument(name, default=1)'
    page.run(arguments=arguments, hyperparameters=json.dumps({"a": 2}))
    for scheme in SCHEMES:
        for width in WIDTHS:
            browser.show(width, scheme)
            assert browser.overflowing() == []
            assert browser.violations() == []
    page.run(arguments="x = 1")
    for scheme in SCHEMES:
        browser.show(390, scheme)
        assert browser.overflowing() == []
        assert browser.violations() == []


def test_each_field_is_as_wide_as_a_narrow_screen_allows(browser, page):
    browser.show(390, "light")
    wide = browser.find("#playground-form").size["width"]
    assert wide > 330
    assert {field.size["width"] for field in browser.find_all("#playground-form [name]")} == {wide}


def test_each_field_has_a_label_and_the_answer_is_announced(browser, page):
    for field in browser.find_all("#playground-form [name]"):
        assert browser.run("return [...arguments[0].labels].map((label) => label.textContent)", field) != []
    assert browser.find("#playground-answer").get_attribute("aria-live") == "polite"
