#!/usr/bin/env bash
# Checks what is in deploy/, without Docker and without a cluster: linters and schemas of others for
# each kind of file, then checks/ for what only we know. Every tool has a fixed version.
# shellcheck source=setup.sh
source "$(dirname "$0")/setup.sh"

python_environment deploy/checks/requirements.txt deploy-python
need_promtool
[ -x .build/debug/aspayds-worker ] || swift build --product aspayds-worker
export PATH=$venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
out=.build/deploy
rm -rf "$out" && mkdir -p "$out"

say "scripts"
shellcheck -x -P deploy deploy/check.sh deploy/healthcheck deploy/soak.sh deploy/test-kafka.sh
shellcheck --severity=error --shell=bash deploy/*.sh

say "Dockerfile"
hadolint --failure-threshold info deploy/Dockerfile

say "Compose"
compose() { docker-compose -f deploy/compose.yaml "$@"; }
compose --env-file deploy/sandbox.env config --format json > "$out/compose-sandbox.json"
ASPAYDS_PUBLIC_URL=https://pay.example.com compose config --format json > "$out/compose.json"

say "Kubernetes"
mkdir "$out/gateway"
cat > "$out/gateway/kustomization.yaml" << 'YAML'
resources: [../../../deploy/kubernetes/base]
components: [../../../deploy/kubernetes/components/gateway]
YAML
kubectl kustomize deploy/kubernetes/base > "$out/base.yaml"
kubectl kustomize deploy/kubernetes/overlays/example > "$out/example.yaml"
kubectl kustomize "$out/gateway" > "$out/gateway.yaml"
# The oldest that has all we use, and the newest. What Kubernetes itself does not have (KEDA and the
# like) has no schema there and is judged by checks/crds.
for version in 1.30 1.37; do
    kubernetes-validate --strict --quiet --no-warn -k $version "$out"/{base,example,gateway}.yaml
done

say "alerts"
"$promtool" check rules deploy/prometheus/alerts.yaml
"$promtool" test rules deploy/prometheus/alerts.test.yaml

say "what only we know"
python -m pytest -q -p no:cacheprovider deploy/checks
