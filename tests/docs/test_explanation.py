"""The diagrams of the docs show what the platforms and the code do, as HTML that any browser shows."""

import re
from html.parser import HTMLParser

import diagrams
import pytest
from from_code import PARTS
from page_text import read_page
from pages import DOCS, PAGES, name_of
from platforms import Job, encoded, recorded, write_files

from smargs import SageMakerArgumentParser
from smargs.container.sources import FILES
from smargs.container.variables import BY_NAME

TRAVELS = DOCS / "explanation" / "how-a-value-travels.md"
BLOCKS = [pytest.param(block, id=block["caption"]) for block in diagrams.BLOCK.finditer(TRAVELS.read_text(encoding="utf-8"))]
RECORDINGS = {"training toolkit": "toolkit-5.1.4", "SDK v3": "sdk-v3-1.27.0"}


def boxes(block):
    return [box for row in diagrams.rows(block["rows"]) for box in row if not box.acts]


def recording_of(block):
    """The recorded job of a diagram; for a container of one's own, its files and the service's command."""
    for platform, name in RECORDINGS.items():
        if platform in block["caption"]:
            return recorded(name)
    return {"files": recorded("toolkit-5.1.4")["files"], "environ": {}, "argv": ["train"]}


@pytest.mark.parametrize("block", BLOCKS)
def test_a_diagram_shows_the_texts_of_the_recorded_job(block):
    job = recording_of(block)
    for name, text, _ in boxes(block):
        if name in FILES:
            assert text == job["files"][name]["use-amp"]
        elif name == "command line":
            assert f" {text} " in f" {' '.join(job['argv'])} "
        elif name.startswith("SM_"):
            assert name in BY_NAME or name.startswith("SM_HP_")
            assert job["environ"][name] == text or not text
            assert "amp" in job["environ"][name] or text


@pytest.mark.parametrize("block", BLOCKS)
def test_a_diagram_has_each_variable_that_carries_the_value(block):
    carriers = {name for name, text in recording_of(block)["environ"].items() if re.search("use.amp", name + text, re.I)}

    assert {name for name, _, _ in boxes(block) if name.startswith("SM_")} == carriers


@pytest.mark.parametrize("block", BLOCKS)
def test_the_last_box_of_a_diagram_is_what_the_script_gets(block, tmp_path, monkeypatch):
    job = recording_of(block)
    write_files(tmp_path, {**job["files"], "hyperparameters.json": encoded({"use-amp": True})})
    for name, text in Job({**job["environ"], "SAGEMAKER_BASE_DIR": str(tmp_path)}, []).environ.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setattr("sys.argv", ["train.py", *job["argv"]])
    parser = SageMakerArgumentParser()
    parser.add_argument("--use-amp", action="store_true")

    args, _ = parser.parse_known_args()

    assert boxes(block)[-1] == ("args.use_amp", str(args.use_amp), False)


def test_the_table_of_recorded_texts_has_what_both_platforms_gave_the_script():
    rows = re.findall(r"^\| `([\w-]+)` \| toolkit: (.+)<br>SDK v3: (.+) \|$", PARTS["recorded"](), re.MULTILINE)
    assert {name for name, _, _ in rows} > {"use-amp", "layers", "batch-size", "note"}
    for name, *cells in rows:
        for cell, job in zip(cells, map(recorded, ("toolkit-5.1.4", "sdk-v3-1.27.0-apostrophe"))):
            variable, _, text = re.match("`(.*?)`, `", cell).group(1).partition("=")
            assert job["environ"][variable] == text
            assert variable.replace("-", "_") == f"SM_HP_{name.upper().replace('-', '_')}"
            token = re.search(rf"`--{name}` (?:`(.*)`|\(an empty text\))$", cell).group(1) or ""
            assert f"\0--{name}\0{token}\0" in "\0".join(["", *job["argv"], ""])


def test_there_is_a_diagram_for_each_platform():
    assert [block.id.partition(" in a job of ")[2] for block in BLOCKS] == [
        "the training toolkit",
        "SDK v3",
        "your own container",
    ]


class Tags(HTMLParser):
    """The open elements, and all texts."""

    def __init__(self):
        super().__init__()
        self.open, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("page", [pytest.param(page, id=name_of(page)) for page in PAGES if DOCS in page.parents])
def test_each_diagram_of_a_page_is_drawn_with_all_of_its_words(page):
    text = read_page(page)
    drawn = re.findall(r"^<figure class=\"diagram\">\n(?:.+\n)+?</figure>$", text, re.MULTILINE)
    assert "{diagram}" not in text
    assert len(drawn) >= page.read_text(encoding="utf-8").count("```{diagram}")
    for figure in drawn:
        tags = Tags()
        tags.feed(figure)
        assert tags.open == []
        assert figure.count("<figcaption>") == 1


def test_a_diagram_escapes_what_html_would_read():
    block = diagrams.BLOCK.match("```{diagram} a < b\nx = <b> & c | (who)\n(who acts)\n```\n")
    tags = Tags()

    tags.feed(diagrams.draw(block))

    assert [text.strip() for text in tags.texts if text.strip()] == ["a < b", "x", "<b> & c", "who", "who acts"]
