"""Settings that cannot be: told all at once, before anything starts, and without a secret."""

from processes import run

GOOD = {
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "ASPAYDS_API_KEY": "sandbox-key",
    "ASPAYDS_API_SECRET": "sandbox-secret",
}


def test_every_wrong_setting_is_named_at_once():
    wrong = {
        "ASPAYDS_RATE_LIMIT": "many",
        "ASPAYDS_SETTLE_WINDOW": "9",
        "ASPAYDS_BASE_URL": "http://payment.example/api",
        "ASPAYDS_PAYOUT_REPOST": "always",
        "KAFKA_ACKS": "1",
        "KAFKA_SASL_PASSWORD": "hush-hush",
    }
    ended = run("aspayds-worker", "run", environment=wrong | {"ASPAYDS_API_SECRET": "hush-hush"})
    assert ended.returncode == 78
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "ASPAYDS_API_KEY", *list(wrong)[:-1]):
        assert any(name in line for line in lines), f"{name} is not told:\n{ended.stderr}"
    for value, allowed in (('"many"', "0.01 to 100000"), ('"9"', "15m"), ('"always"', "never")):
        assert any(value in line and allowed in line for line in lines), ended.stderr
    assert "hush" not in ended.stderr


def test_a_property_that_librdkafka_does_not_take_is_a_wrong_setting():
    ended = run("aspayds-worker", "run", environment=GOOD | {"KAFKA_SECURITY_PROTOCOL": "magic"})
    assert ended.returncode == 78, ended.stderr
    assert "KAFKA_SECURITY_PROTOCOL" in ended.stderr
    assert "sandbox-secret" not in ended.stderr


def test_an_unknown_flag_is_a_usage_error_with_a_hint():
    ended = run("aspayds-worker", "run", "--rate-limitt", "5", environment=GOOD)
    assert ended.returncode == 2
    assert "did you mean --rate-limit?" in ended.stderr


def test_an_unknown_command_is_a_usage_error():
    ended = run("aspayds-worker", "runn", environment=GOOD)
    assert ended.returncode == 2
    assert "aspayds-worker --help" in ended.stderr


def test_a_secret_is_not_taken_as_a_flag_nor_repeated():
    ended = run("aspayds-worker", "run", "--api-secret", "hush-hush", environment=GOOD)
    assert ended.returncode == 2
    assert "ASPAYDS_API_SECRET" in ended.stderr
    assert "hush" not in ended.stderr


def test_config_shows_every_setting_and_no_secret():
    ended = run("aspayds-worker", "config", environment=GOOD)
    assert ended.returncode == 0, ended.stderr
    assert "ASPAYDS_SETTLE_WINDOW" in ended.stdout
    assert "****" in ended.stdout
    assert "sandbox-key" not in ended.stdout + ended.stderr
    assert "sandbox-secret" not in ended.stdout + ended.stderr
