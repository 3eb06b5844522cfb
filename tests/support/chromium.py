"""The site of the docs in Debian's chromium, which reaches no other address."""

import os
import shutil
import sys
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from paths import ROOT
from selenium import webdriver
from selenium.webdriver.support.wait import WebDriverWait

SITE = ROOT / "build" / "docs"
AXE = Path(sys.prefix) / "axe" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = {390: 844, 1280: 900}
SCHEMES = ("light", "dark")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


class Handler(SimpleHTTPRequestHandler):
    """Serves the site, and notes each request."""

    def log_request(self, code="-", size="-"):
        self.server.requests.append(self.requestline)


class Browser:
    """Chromium with the site."""

    def __init__(self, driver, server):
        self.driver = driver
        self.requests = server.requests
        self.address = f"http://127.0.0.1:{server.server_port}"

    def open(self, page):
        """Open a page from the beginning, even if only its fragment differs from the open one."""
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get(f"{self.address}/{page}")
        is_loaded = "return location.href.startsWith(arguments[0]) && document.readyState === 'complete'"
        self.wait(lambda: self.driver.execute_script(is_loaded, self.address))

    def show(self, width, scheme):
        """Change the width of the page and the scheme that its reader prefers."""
        # A picture beyond the window is taken without scrollbars, so the page has the same places only without them.
        self.driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        size = {"width": width, "height": WIDTHS[width], "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        self.run("await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")

    def run(self, script, *arguments):
        """Return the value of a function body in JavaScript. If it is a promise, return its result."""
        answer = self.driver.execute_async_script(
            f"const done = arguments[arguments.length - 1];"
            f"(async function () {{ {script} }}).apply(null, arguments).then(done, error => done({{error: String(error)}}));",
            *arguments,
        )
        assert not (isinstance(answer, dict) and "error" in answer), answer
        return answer

    def wait(self, condition):
        """Wait until a function returns something true, and return that."""
        return WebDriverWait(self.driver, 300, poll_frequency=0.05).until(lambda driver: condition())

    def find(self, selector):
        return self.driver.find_element("css selector", selector)

    def find_all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def errors(self):
        """The errors on the console since the page was opened. A request to another address is one: no other name resolves."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def overflowing(self):
        """The elements of the text that reach beyond the right edge of the page, except inside parts of it that scroll."""
        return self.run(
            """
            const edge = document.documentElement.clientWidth + 1;
            const scrolls = (element) => ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
            const inside = (element) => element.tagName !== "ARTICLE" && (scrolls(element) || inside(element.parentElement));
            return [...document.querySelectorAll("article *")]
                .filter((element) => element.getBoundingClientRect().right > edge && !inside(element.parentElement))
                .filter((element) => element.getBoundingClientRect().width > 1)
                .map((element) => `${element.outerHTML.slice(0, 100)} ${element.getBoundingClientRect().right}`);
            """
        )

    def picture(self, element):
        """A picture of an element, as PNG in Base64."""
        clip = self.run(
            """
            const { x, y, width, height } = arguments[0].getBoundingClientRect();
            return { x: x + scrollX, y: y + scrollY, width, height, scale: 1 };
            """,
            element,
        )
        settings = {"clip": clip, "captureBeyondViewport": True}
        return self.driver.execute_cdp_cmd("Page.captureScreenshot", settings)["data"]

    def violations(self, **options):
        """What axe finds of the open page that is serious or critical, with these options of ``axe.run``."""
        if not AXE.exists():
            pytest.skip("axe-core is not installed: npm is missing")
        if not self.run("return typeof axe === 'object'"):
            self.driver.execute_script(AXE.read_text(encoding="utf-8"))
        options = {"resultTypes": ["violations"], **options}
        violations = self.run("return (await axe.run(document, arguments[0])).violations", options)
        return [
            f"{violation['impact']}: {violation['help']}: {node['html'][:120]}: {node['failureSummary']}"
            for violation in violations
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]


def start(home):
    """Start chromium. Selenium receives its path, so it downloads none.

    Args:
        home: An empty directory for what chromium writes.
    """
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not chromedriver:
        pytest.fail("chromium or chromedriver is missing: on Debian, apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for option in (*OPTIONS, f"--user-data-dir={home / 'profile'}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(chromedriver, env={**os.environ, "HOME": os.fspath(home)})
    driver = webdriver.Chrome(options, service)
    driver.set_script_timeout(120)
    return driver
