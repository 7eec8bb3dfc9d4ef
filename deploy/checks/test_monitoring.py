"""Dashboard, alerts and README name the same metrics, and every alert says what to do."""

import json
import re

import promql_parser as promql
import pytest
import yaml

from conftest import DEPLOY

README = (DEPLOY / "README.md").read_text()
RULES = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus/alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((DEPLOY / "grafana/dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
# Of Prometheus itself.
FOREIGN = {"up", "ALERTS"}
# Labels that every metric has.
COMMON = {"job", "instance"}


def documented():
    """The table of the README: each metric with its labels."""
    rows = re.findall(r"^\| `(\w+)` \|(.*?)\|(.*)\|$", README.split("## Metrics")[1], re.M)
    metrics = {}
    for name, labels, text in rows:
        labels = set(re.findall(r"`(\w+)`", labels))
        metrics[name] = labels
        if "with `_sum` and `_count`" in text:
            metrics[f"{name}_sum"] = metrics[f"{name}_count"] = labels - {"quantile"}
    return metrics


METRICS = documented()


def selectors(expression):
    """Every metric that an expression reads, with the labels it asks for."""
    for macro in ("$__rate_interval", "$__interval", "$__range"):
        expression = expression.replace(macro, "5m")
    yield from walk(promql.parse(expression))


def walk(node):
    if isinstance(node, promql.VectorSelector):
        yield node.name, {matcher.name for matcher in node.matchers.matchers}
        return
    for part in ("lhs", "rhs", "expr", "param", "vector_selector"):
        child = getattr(node, part, None)
        if child is not None:
            yield from walk(child)
    for argument in getattr(node, "args", None) or []:
        yield from walk(argument)


def assert_known(expression):
    found = list(selectors(expression))
    assert found, expression
    for name, labels in found:
        if name not in FOREIGN:
            assert labels <= METRICS[name] | COMMON, f"{name} has no such label: {expression}"


def queries(panel):
    return [target["expr"] for target in panel["targets"]]


def test_the_table_is_read():
    assert len(METRICS) > 20 and "aspayds_command_duration_seconds_sum" in METRICS


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_panel(panel):
    assert panel["datasource"]["uid"] == "${datasource}"
    for target in panel["targets"]:
        assert_known(target["expr"])
        # What a legend names has to be in the result.
        grouped = re.search(r"by \(([^)]*)\)", target["expr"])
        shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        assert shown <= (set(re.split(r", *", grouped[1])) if grouped else COMMON | {"domain"})


def test_the_dashboard_is_whole():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    taken = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, f"{panel['title']} lies on another panel"
        taken |= cells
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)", json.dumps(DASHBOARD)))
    assert used == variables


def test_every_metric_is_on_the_dashboard():
    shown = {name for panel in PANELS for query in queries(panel) for name, _ in selectors(query)}
    assert shown >= METRICS.keys()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_alert(rule):
    assert_known(rule["expr"])
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"].keys() == {"summary", "description", "runbook"}
    file, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert file == "deploy/README.md"
    sections = {
        re.sub(r"[^\w -]", "", title).lower().replace(" ", "-"): text
        for title, text in re.findall(r"^### (.+)\n((?:(?!#).*\n)*)", README, re.M)
    }
    told = sections[anchor].replace("\n", " ")
    assert f"**{rule['alert']}**, {rule['labels']['severity']}" in told


def test_every_alert_is_tested():
    tests = (DEPLOY / "prometheus/alerts.test.yaml").read_text()
    assert [rule["alert"] for rule in RULES if rule["alert"] not in tests] == []
