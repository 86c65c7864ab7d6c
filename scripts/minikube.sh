#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The flight job in minikube, with the servers that it needs as pods: docs/minikube.md.
#   up [ROWS]      all of it, from the cluster to the result; what is there already stays
#   deploy [ROWS]  the same without minikube: into the cluster of KUBE_CONTEXT, which has the images
#   status         what runs
#   result [ROWS]  compare what the job has written with a plain pass over its flights
#   down           remove the job and the servers; `down --cluster` the minikube cluster too
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

PROFILE=${MINIKUBE_PROFILE:-flinksec}
CONTEXT=${KUBE_CONTEXT:-$PROFILE}
OVERLAY=docker/kubernetes/overlays/minikube
JOB_IMAGE=localhost/flight-delays:latest
SANDBOX_IMAGE=localhost/flinksec-sandbox:latest
JOB=flight-delays
SERVERS=sandbox
WORK=

flinksec() { "${FLINKSEC:-$VENV/bin/flinksec}" "$@"; }
k() { kubectl --context "$CONTEXT" "$@"; }
in_sandbox() { k --namespace "$SERVERS" exec deployment/sandbox -- "$@"; }

needs() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || die "$program is not installed" "docs/minikube.md says what is needed"
  done
}

# Secrets pass through here; only this user may look, and it goes away with the script.
make_work() {
  WORK=$(mktemp -d)
  trap 'rm -rf -- "$WORK"' EXIT
}

start_cluster() {
  if minikube --profile "$PROFILE" status >/dev/null 2>&1; then
    say "minikube: the cluster $PROFILE runs"
    return
  fi
  # Calico, as minikube's own network enforces no NetworkPolicy.
  minikube --profile "$PROFILE" start --cni calico --cpus "${MINIKUBE_CPUS:-4}" --memory "${MINIKUBE_MEMORY:-10g}"
}

# The tool that builds images, in the order in which `flinksec image` looks for one.
image_tool() {
  local tool
  for tool in docker podman buildah; do
    if command -v "$tool" >/dev/null; then
      echo "$tool"
      return
    fi
  done
  die "there is neither docker, nor podman, nor buildah to build images" "install one of them"
}

load_images() {
  local tool
  tool=$(image_tool)
  step "image of the job" flinksec image build --tool "$tool" --tag "$JOB_IMAGE" jobs/flight_delays.py
  step "image of the servers" flinksec image sandbox --tool "$tool" --tag "$SANDBOX_IMAGE"
  step "the image of the job into the node" load_image "$tool" "$JOB_IMAGE"
  step "the image of the servers into the node" load_image "$tool" "$SANDBOX_IMAGE"
}

load_image() {
  local tool=$1 image=$2 archive=$WORK/image.tar
  rm -f -- "$archive"
  if [[ $tool == buildah ]]; then
    buildah push --quiet "$image" "docker-archive:$archive:$image"
  else
    "$tool" save --output "$archive" "$image"
  fi
  minikube --profile "$PROFILE" image load "$archive"
  rm -f -- "$archive"
}

start_servers() {
  step "KDC, Kafka, HDFS and Elasticsearch" apply_servers
}

apply_servers() {
  k apply --kustomize "$OVERLAY/servers"
  k --namespace "$SERVERS" rollout status deployment/sandbox --timeout 15m
}

has_secret() { k --namespace "$JOB" get secret "$1" >/dev/null 2>&1; }

# apply_secret NAME FILE...: server-side, as the other way keeps a copy in an annotation.
apply_secret() {
  local name=$1 file arguments=()
  shift
  for file in "$@"; do arguments+=("--from-file=$file"); done
  k --namespace "$JOB" create secret generic "$name" "${arguments[@]}" --dry-run=client --output yaml |
    k apply --server-side --force-conflicts --filename -
}

make_secrets() {
  k apply --filename "$OVERLAY/job/namespace.yaml"
  in_sandbox rm -rf /tmp/hand-over
  in_sandbox flinksec sandbox hand-over /tmp/hand-over
  mkdir -m 0700 -- "$WORK/given"
  in_sandbox tar --create --directory /tmp/hand-over . | tar --extract --directory "$WORK/given"
  in_sandbox rm -rf /tmp/hand-over
  # Those of the servers change when their pod is a new one.
  apply_secret flink-keytab "$WORK"/given/kerberos/*
  apply_secret service-cas "$WORK"/given/ca/*
  apply_secret elasticsearch-credentials "$WORK"/given/elasticsearch/*
  # State was sealed with this one: it stays.
  has_secret flink-state-keys || apply_secret flink-state-keys "$WORK"/given/state-keys/*
  if ! has_secret flink-internal-tls; then
    flinksec certs create "$WORK/certificates" --namespace "$JOB" --kubernetes "$WORK/certificates.yaml"
    k apply --server-side --filename "$WORK/certificates.yaml"
  fi
}

fill_kafka() { in_sandbox flinksec sandbox fill ${1:+--rows "$1"}; }

# The overlay with the API server's own address, which policies need and every cluster has another.
apply_job() {
  local folder=dist/minikube address port
  address=$(k --namespace default get endpointslices --selector kubernetes.io/service-name=kubernetes \
    --output 'jsonpath={.items[0].endpoints[0].addresses[0]}')
  port=$(k --namespace default get endpointslices --selector kubernetes.io/service-name=kubernetes \
    --output 'jsonpath={.items[0].ports[0].port}')
  [[ -n $address && -n $port ]] || die "the Service kubernetes has no endpoint"
  mkdir -p -- "$folder"
  cat >"$folder/kustomization.yaml" <<END
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- ../../$OVERLAY/job
patches:
- target:
    kind: NetworkPolicy
    name: (deployer-)?api-server
  patch: |-
    - op: replace
      path: /spec/egress
      value:
      - to: [{ipBlock: {cidr: $address/32}}]
        ports: [{protocol: TCP, port: $port}]
END
  k kustomize "$folder" >"$WORK/job.yaml"
  get_rest_client
  flinksec deploy "$WORK/job.yaml" --context "$CONTEXT" --client "$WORK/client" --steady 5
}

# The certificate with which the command talks to Flink, as the deployer's pod has it.
get_rest_client() {
  local file
  mkdir -m 0700 -- "$WORK/client"
  for file in tls.crt tls.key ca.crt; do
    k --namespace "$JOB" get secret flink-deployer-rest-client --output "jsonpath={.data.${file/./\\.}}" |
      base64 --decode >"$WORK/client/$file"
  done
}

wait_for_job() {
  local conditions deadline=$((SECONDS + 1800))
  while ((SECONDS < deadline)); do
    conditions=$(k --namespace "$JOB" get job flink-jobmanager \
      --output 'jsonpath={.status.conditions[?(@.status=="True")].type}')
    case " $conditions " in
    *" Complete "*) return 0 ;;
    *" Failed "*)
      k --namespace "$JOB" logs job/flink-jobmanager --tail 40
      return 1
      ;;
    esac
    sleep 5
  done
  k --namespace "$JOB" get pods
  return 1
}

result() { in_sandbox flinksec sandbox figures ${1:+--rows "$1"}; }

deploy() {
  needs kubectl
  start_servers
  step "Secrets for the job" make_secrets
  step "flights into Kafka" fill_kafka "$@"
  step "the job, checked and deployed" apply_job
  step "the job, to its end" wait_for_job
  result "$@"
}

up() {
  needs minikube kubectl
  start_cluster
  load_images
  deploy "$@"
  say "look around: kubectl --context $CONTEXT --namespace $JOB get all"
  say "remove it:   scripts/minikube.sh down"
}

status() {
  k --namespace "$SERVERS" get pods
  k --namespace "$JOB" get jobs,statefulsets,pods,networkpolicies,persistentvolumeclaims
  make_work
  get_rest_client
  flinksec status --context "$CONTEXT" --namespace "$JOB" --client "$WORK/client" || true
  flinksec history --context "$CONTEXT" --namespace "$JOB"
}

down() {
  needs kubectl
  step "remove the job and the servers" k delete namespace "$JOB" "$SERVERS" --ignore-not-found
  if [[ ${1:-} == --cluster ]]; then
    needs minikube
    minikube --profile "$PROFILE" delete
  fi
}

cd -- "$ROOT"
command=${1:-}
shift || true
case $command in
up | deploy)
  make_work
  "$command" "$@"
  ;;
status | result | down) "$command" "$@" ;;
*) die "what is to be done: up, deploy, status, result or down?" "$(sed -n '3,9s/^# *//p' "${BASH_SOURCE[0]}")" ;;
esac
