"""What the tests of the site share: a server on this machine's loopback, and a browser."""

import functools
import os
import threading
from http.server import ThreadingHTTPServer

import pytest
from chromium import SITE, Browser, Handler, start


@pytest.fixture(scope="session")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=os.fspath(SITE))) as server:
        server.requests = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser(server, tmp_path_factory):
    driver = start(tmp_path_factory.mktemp("browser"))
    yield Browser(driver, server)
    driver.quit()
