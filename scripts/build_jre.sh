#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the runtime of the wheel flinksec-jobs-jre with jlink, from the JDK of the build.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

RUNTIME=$ROOT/jre/flinksec_jobs_jre/runtime
# Beside the package, so that what a killed run leaves gets into no wheel.
NEW=$ROOT/jre/runtime.new

# What Flink with PyFlink ran on, and Kafka, Hadoop and Elasticsearch with Kerberos and TLS.
# jdk.security.jgss has the SASL mechanism GSSAPI, jdk.security.auth the Krb5LoginModule.
MODULES=(
  java.base java.compiler java.desktop java.instrument java.management java.management.rmi
  java.naming java.net.http java.rmi java.scripting java.security.jgss java.security.sasl
  java.sql java.xml
  jdk.crypto.cryptoki jdk.crypto.ec jdk.httpserver jdk.jfr jdk.management jdk.naming.dns jdk.net
  jdk.security.auth jdk.security.jgss jdk.unsupported jdk.zipfs
)

# Not --strip-debug: it strips native symbols too, needs binutils, and distributions have done it.
link() {
  local modules
  modules=$(IFS=, && echo "${MODULES[*]}")
  rm -rf -- "$RUNTIME" "$NEW"
  "$JAVA_HOME/bin/jlink" --add-modules "$modules" --output "$NEW" \
    --strip-java-debug-attributes --no-man-pages --no-header-files --compress=2
  mv -- "$NEW" "$RUNTIME"
}

# One at a time in a checkout: nobody may find, and put into an image, a runtime that is half written.
exec 7<"$ROOT/jre"
flock 7
find_jdk || die "no JDK 17 to 21 with jlink in JAVA_HOME, on PATH or in /usr/lib/jvm" "run: make setup"
inputs=$(cat -- "$JAVA_HOME/release" "${BASH_SOURCE[0]}" | sha256sum)
if ! { [[ -x $RUNTIME/bin/java ]] && is_stamped jre "$inputs"; }; then
  step "Java runtime with jlink" link
  stamp jre "$inputs"
fi
