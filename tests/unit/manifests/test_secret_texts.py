# SPDX-License-Identifier: Apache-2.0
"""Secrets in texts of every format, and what only looks like one."""

from __future__ import annotations

import base64
import time

import pytest

from flinksec_jobs.manifests.secrets.binaries import secret_in_bytes
from flinksec_jobs.manifests.secrets.command_lines import named_in_words
from flinksec_jobs.manifests.secrets.texts import secrets_in
from flinksec_jobs.settings.secret_names import is_secret_name

VALUE = "tr0ub4dor"
PEM = f"-----BEGIN RSA {'PRIVATE'} KEY-----\nMIIEow\n"
JWT = ".".join(("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJmbGluayJ9", "c2lnbmF0dXJlLW9mLWl0"))

SECRETS = {
    "YAML, below a parent": ("a.yaml", f"kafka:\n  password: {VALUE}\n"),
    "YAML, on the next line": ("a.yaml", f"password: |-\n  {VALUE}\n"),
    "YAML, folded": ("a.yaml", f"keystore_password: >\n    {VALUE}\n"),
    "YAML, in a list": ("a.yaml", f"users:\n- name: a\n  password: '{VALUE}'\n"),
    "YAML, a list of them": ("a.yaml", f"passwords:\n  - {VALUE}\n"),
    "YAML, flow": ("a.yaml", f"auth: {{user: a, password: {VALUE}}}"),
    "YAML, name and value": ("a.yaml", f"env:\n- name: PG_PASSWORD\n  value: {VALUE}\n"),
    "YAML, with a remark": ("a.yaml", f'  password  :  "{VALUE}"   # of the store'),
    "YAML, of a number": ("a.yaml", "token: 48151623"),
    "Flink's own": ("config.yaml", f"s3.secret-key: {VALUE}"),
    "Flink's, nested": (
        "config.yaml", f"security:\n  ssl:\n    rest:\n      key-password: {VALUE}"),
    "properties": ("a.properties", f"db.host=\ndb.password={VALUE}\n"),
    "properties, with spaces": ("a.properties", f"db.password   {VALUE}"),
    "properties, continued": ("a.properties", f"ssl.keystore.password=\\\n   {VALUE}"),
    "properties, of digits": ("a.properties", "db.password=20241231"),
    "properties, that begins with a slash": (
        "a.properties", "aws.secretKey=/7Gh2kLm9QpRs4TuVwXyZ0aBcDeFgHiJkLmNoPqR"),
    "Spring, with a default": ("a.properties", f"datasource.password=${{PG_PASSWORD:{VALUE}}}"),
    "a shell's default": ("a.sh", f"PASSWORD=${{PASSWORD:-{VALUE}}}"),
    "JSON": ("a.json", f'{{"es":{{"user":"a","password":"{VALUE}"}}}}'),
    "JSON, over lines": ("a.json", f'{{\n  "password":\n    "{VALUE}"\n}}'),
    "JSON, name and value": ("a.json", f'[{{"name":"DB_PASSWORD","value":"{VALUE}"}}]'),
    "JSON in JSON": ("a.json", f'{{"x":"{{\\"apiKey\\":\\"{VALUE}\\"}}"}}'),
    "Hadoop": ("hdfs-site.xml", "<configuration>\n<property>\n<name>fs.s3a.secret.key</name>\n"
               f"  <value>{VALUE}</value></property></configuration>"),
    "XML, an element": ("a.xml", f"<user>a</user><password>{VALUE}</password>"),
    "XML, CDATA": ("a.xml", f"<password><![CDATA[{VALUE}]]></password>"),
    "XML, an attribute": ("a.xml", f"<Resource user='a' password='{VALUE}'/>"),
    "TOML": ("a.toml", f'client_secret = "{VALUE}"'),
    "shell": ("a.sh", f"export PGPASS={VALUE}\n"),
    "shell, a client": ("a.sh", f"curl --fail -u elastic:{VALUE} https://es:9200"),
    "shell, mysql": ("a.sh", f"mysql -h db -uroot -p{VALUE} flink"),
    "shell, a word later": ("a.sh", f"keytool -list -storepass {VALUE} -keystore a.jks"),
    "shell, openssl": ("a.sh", f"openssl pkcs12 -in a.p12 -passin pass:{VALUE}"),
    "shell, kubectl": ("a.sh", f"kubectl create secret generic s --from-literal=password={VALUE}"),
    "a program": ("a.py", f'password = "{VALUE}"'),
    "a program's call": ("a.py", f'builder.config("fs.s3a.secret.key", "{VALUE}")'),
    "a program's default": ("a.py", f'os.environ.get("MINIO_PASSWORD", "{VALUE}")'),
    "PowerShell": ("a.ps1", f"$env:DB_PASSWORD = '{VALUE}'"),
    "SQL": ("init.sql", f"ALTER ROLE flink WITH LOGIN PASSWORD '{VALUE}';"),
    "SQL, of others": ("init.sql", f"CREATE USER flink IDENTIFIED BY '{VALUE}';"),
    "SQL, of Flink": ("a.sql", f"CREATE TABLE t (a INT) WITH ('password' = '{VALUE}')"),
    "JAAS": ("jaas.conf", f'KafkaClient {{ X required username="a" password="{VALUE}"; }};'),
    "JAAS in properties": (
        "a.properties", f'sasl.jaas.config=X required username="a" password="{VALUE}";'),
    "Redis": ("redis.conf", f"port 6379\nrequirepass {VALUE}\n"),
    "netrc": (".netrc", f"machine es login a password {VALUE}"),
    "pgpass": (".pgpass", f"db:5432:*:flink:{VALUE}"),
    "htpasswd": ("htpasswd", "alice:$apr1$x8Kq2m1Z$0aBcDeFgHiJkLmNoPqRsT1"),
    "JMX": ("jmxremote.password", f"monitorRole {VALUE}\ncontrolRole {VALUE}\n"),
    "the whole value": ("client-secret", f"{VALUE}\n"),
    "a file of one line": ("password.txt", VALUE),
    "an address": ("URL", f"amqp://flink:{VALUE}@mq:5672/"),
    "an address without a user": ("URL", f"redis://:{VALUE}@redis:6379/0"),
    "an address with a slash in it": ("URL", "postgres://flink:ab/cd@db/x"),
    "an address of JDBC": ("URL", f"jdbc:postgresql://db/x?user=a&password={VALUE}"),
    "an address of Oracle": ("URL", f"jdbc:oracle:thin:scott/{VALUE}@//db:1521/x"),
    "a line of connection": ("DSN", f"Server=db;User Id=a;Password={VALUE};Encrypt=true"),
    "a header": ("a.conf", 'proxy_set_header Authorization "Basic YWxpY2U6c2VjcmV0";'),
    "an address in SQL of Flink": (
        "a.sql", f"WITH ('url' = 'jdbc:mysql://db/x?user=a&password={VALUE}')"),
    "YAML, with an anchor": ("a.yaml", f"password: &p {VALUE}"),
    "TOML, three quotes": ("a.toml", f'password = """{VALUE}"""'),
    "an argument of Java alone in its line": (
        "jvm.config", f"-Djavax.net.ssl.keyStorePassword={VALUE}"),
    "shell, a user and a password in one word": ("a.sh", f"curl -ualice:{VALUE} https://es"),
    "shell, a header with a key": ("a.sh", f"curl -H 'X-Api-Key: {VALUE}' https://es"),
    "a secret key of AWS with slashes": (
        "credentials", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzKEYQ"),
    "a login of a registry": ("config.json", '{"auths":{"r":{"auth":"YWxpY2U6dHIwdWI0ZG9y"}}}'),
    "a JWK": ("jwks.json", '{"kty":"RSA","n":"x","d":"' + "a1B2" * 9 + '"}'),
    "a key of age": ("x", "AGE-SECRET-KEY-1" + "Q2W3E" * 12),
    "htpasswd, of SHA": ("users", "alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="),
    "a keytab in base64": (
        "x", base64.b64encode(b"\5\2\0\0\0\x47\0\1" + bytes(60)).decode()),
    "a private key": ("tls.key", PEM),
    "a private key in base64": (
        "kubeconfig", "x: " + base64.b64encode(PEM.encode() * 2).decode()),
    "a JWT": ("x", JWT),
    "a key of AWS": ("x", "AKIA" + "Z7Q2" * 4),
    "a token of GitHub": ("x", "ghp_" + "a1B2" * 9),
    "an address that is signed": ("x", "https://x.blob.core.windows.net/a?sv=1&sig=" + "aB3" * 12),
}  # fmt: skip

NO_SECRETS = {
    "a variable of Kubernetes": ("URL", "postgres://flink:$(PG_PASSWORD)@db:5432/x"),
    "a variable of Spring": ("a.yaml", "password: ${PG_PASSWORD}"),
    "a variable without default": ("a.yaml", "password: ${PG_PASSWORD:-}"),
    "a variable that must be set": ("a.yaml", "password: ${PG_PASSWORD:?is missing}"),
    "a provider": ("PASSWORD", "${file:/etc/kafka/a.properties:password}"),
    "Strimzi's provider": ("a.properties", "ssl.key.password=${secrets:flink/kafka:password}"),
    "a variable of a shell": ("a.sh", 'PASSWORD="$1"\nexport PW=$PASSWORD\n'),
    "a command": ("a.sh", 'export PASSWORD="$(cat /run/secrets/password)"'),
    "a test": ("a.sh", 'if [ -z "$PASSWORD" ]; then echo "password is missing"; exit 1; fi'),
    "a header of a variable": ("a.sh", 'curl -H "Authorization: Bearer ${TOKEN}" https://es'),
    "a template": ("a.yaml", "password: {{ .Values.auth.password | quote }}"),
    "a placeholder": ("a.yaml", "password: <your-password>"),
    "encrypted": ("a.properties", "db.password=ENC(7hGx2LmQ)"),
    "in a vault": ("a.yaml", "password: vault:secret/data/flink#password"),
    "a file": ("PASSWORD_FILE", "conf/password.txt"),
    "the path of a secret": ("a.yaml", "password: /etc/flink/secrets/password"),
    "an address": ("TOKEN_URL", "https://idp.corp.internal/oauth/token"),
    "an address with an at": ("URL", "https://a.corp.internal:8443/x@y"),
    "a digest": ("x", "oci://alpine:3@sha256:abc"),
    "a name": ("SECRET_NAME", "flink-tls"),
    "a public JWK": ("jwks.json", '{"kty":"RSA","n":"' + "a1B2" * 9 + '","e":"AQAB"}'),
    "a registry without a login": ("config.json", '{"auths":{"r":{}}}'),
    "a header of a shell's variable": ("a.sh", "curl -H 'X-Api-Key: $KEY' https://es"),
    "an address with a variable": ("a.sql", "'jdbc:mysql://db/x?user=a&password=${PW}'"),
    "a tokenizer": ("TOKENIZER", "standard"),
    "an analyzer": ("a.json", '{"settings":{"tokenizer":"keyword","max_token_length":255}}'),
    "a schema": ("a.json", '{"properties":{"password":{"type":"string"}}}'),
    "a time": ("a.yaml", "token.ttl: 3600\nsecurity.delegation.tokens.enabled: false\n"),
    "a number of tokens": ("a.yaml", "max_tokens: 4096"),
    "an endpoint": ("a.properties", "sasl.oauthbearer.token.endpoint.url=https://idp/t"),
    "a class": ("a.properties", "fs.s3a.aws.credentials.provider=com.amazonaws.auth.WebIdentity"),
    "a store of Hadoop": ("a.xml", "<name>hadoop.security.credential.provider.path</name>"
                          "<value>jceks://file/etc/a.jceks</value>"),
    "Kerberos": ("a.properties", "sasl.jaas.config=com.sun.security.auth.module.Krb5LoginModule "
                 'required useKeyTab=true keyTab="/etc/flink.keytab" principal="flink@CORP";'),
    "a comment": ("a.properties", f"# db.password={VALUE}\n"),
    "nothing": ("a.properties", "db.password=\ndb.host=db\n"),
    "nothing, quoted": ("a.yaml", "password: ''  # comes from the environment"),
    "a reference to a Secret": ("a.yaml", "password:\n  valueFrom:\n    secretKeyRef: {name: a}"),
    "a sentence": ("README.md", "The password: it is the one of the user that connects."),
    "a program": ("a.py", "password = os.environ['PASSWORD']\ndef f(token: str) -> None: ...\n"),
    "nginx": ("nginx.conf", "proxy_pass backend;\nproxy_pass_request_headers off;\n"
              "ssl_certificate_key /etc/tls/tls.key;\nauth_basic_user_file /etc/htpasswd;"),
    "users of a system": ("passwd", "root:x:0:0:root:/root:/bin/sh\nflink:x:9999:0::/:/bin/sh"),
    "PAM": ("a", "password requisite pam_unix.so nullok"),
    "PostgreSQL": ("postgresql.conf", "password_encryption = scram-sha-256"),
    "a user and a group": ("a.sh", "docker run -p 8080:80 -u 1000:1000 x"),
    "a word of another": ("a.conf", "bypass: internal\ncompass=north\n"),
    "a sum": ("checksum/secret", "0f343b0931126a20f133d67c2b018a3b"),
    "a certificate": ("ca.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"),
}  # fmt: skip


@pytest.mark.parametrize("case", SECRETS)
def test_a_secret_is_found_in_its_format_and_not_repeated(case: str) -> None:
    found = secrets_in(*SECRETS[case])
    assert found
    assert VALUE not in " ".join(found)


@pytest.mark.parametrize("case", NO_SECRETS)
def test_what_refers_to_a_secret_is_none(case: str) -> None:
    assert secrets_in(*NO_SECRETS[case]) == []


@pytest.mark.parametrize("words", [
    ["--password", VALUE],
    [f"--es.password={VALUE}"],
    ["-D", f"s3.secret-key={VALUE}"],
    [f"-Djavax.net.ssl.keyStorePassword={VALUE}"],
    ["--user", f"a:{VALUE}"],
    ["redis-cli", "-a", VALUE],
    ["sshpass", "-p", VALUE, "ssh", "a"],
])  # fmt: skip
def test_a_secret_among_words_is_found(words: list[str]) -> None:
    assert [*named_in_words(words)] or any(secrets_in("", word) for word in words)


@pytest.mark.parametrize("words", [
    ["--password-file", "/etc/password"],
    ["--password", "$(PASSWORD)"],
    ["--token", "--verbose"],
    ["-p", "8080"],
    ["--user", "10001:0"],
    ["--auth", "host.corp.internal:8443/x"],
    ["--tls-private-key-file=/etc/tls.key"],
    ["--watch-secret-name=a"],
])  # fmt: skip
def test_words_that_refer_to_one_are_none(words: list[str]) -> None:
    assert [*named_in_words(words)] == []


@pytest.mark.parametrize("name", ["accessToken", "APIKey", "DB_PASS", "PASSWORD_1", "pw", "dbPwd",
                                  "client-secret", "http-headers", "x.basic-auth",
                                  "fs.azure.account.key.a.blob.core.windows.net"])  # fmt: skip
def test_a_name_says_that_a_secret_stands_there(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["tokenizer", "passwordFile", "secretName", "token_ttl", "keyword",
                                  "sasl.jaas.config", "AWS_ACCESS_KEY_ID", "monkey"])  # fmt: skip
def test_a_name_about_secrets_is_none_of_one(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(("content", "said"), [
    (b"\x05\x02\x00\x00", "a keytab"),
    (bytes.fromhex("feedfeed 00000002 00000001 00000001 0001"), "a key store"),
    (bytes.fromhex("feedfeed 00000002 00000001 00000002 0001 61 0000000000000000"
                   "0001 58 00000001 30"), ""),
    (bytes.fromhex("308204be 020100 300d06092a864886f70d0101"), "a private key"),
    (bytes.fromhex("3082010a 0282"), ""),
    (b"", ""),
    (b"0", ""),
])  # fmt: skip
def test_bytes_that_hold_a_private_key_are_told_from_those_that_do_not(
    content: bytes, said: str
) -> None:
    assert secret_in_bytes(content) == said


@pytest.mark.parametrize("text", [
    "x\n" + "\n" * 20_000 + "y", "a" * 100_000, 'a="b ' * 20_000, "MII " * 25_000, "${" * 50_000,
    "{{" * 50_000, "password: " * 10_000, "'" * 100_000, "eyJ-" * 25_000, "<a " * 33_000,
    "://a:" * 20_000, "password=\n" * 10_000, " " * 100_000, "a." * 50_000, '\\"' * 50_000,
    "x:y:" * 25_000, "- " * 50_000, "$a(" * 33_000, "authorization Basic " * 5_000,
])  # fmt: skip
def test_a_text_is_read_in_linear_time(text: str) -> None:
    started = time.process_time()
    secrets_in("x", text)
    assert time.process_time() - started < 20
