"""A headless Chromium from Debian, driven through chromedriver."""

import contextlib
import shutil

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

PROGRAMS = {"chromium": "chromium", "chromedriver": "chromium-driver"}


def require():
    """Skips the test, and says why, where there is no browser."""
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if missing:
        pytest.skip(f"no browser: apt-get install {' '.join(missing)}")


@contextlib.contextmanager
def chromium(javascript=True):
    """A browser that is gone at the end of the block."""
    require()
    options = Options()
    options.binary_location = shutil.which("chromium")
    # As root in a container there is neither a sandbox for processes nor a large /dev/shm.
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(flag)
    if not javascript:
        blocked = {"profile.managed_default_content_settings.javascript": 2}
        options.add_experimental_option("prefs", blocked)
    browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        browser.set_page_load_timeout(30)
        yield browser
    finally:
        browser.quit()
