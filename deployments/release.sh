#!/usr/bin/env bash
# Makes what a version is released as: for each architecture a binary, its SBOM (CycloneDX) and, for all, checksums and a statement of
# provenance (in-toto, SLSA). The same sources give the same bytes.
#
#   deployments/release.sh VERSION [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:?say which version, such as 1.0.0}
folder=${2:-dist}
sbom=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
commit=${COMMIT:-$(git rev-parse HEAD)}

if [[ -z ${COMMIT:-} && -n $(git status --porcelain) ]]; then
	echo "commit first: there are changes that no commit has" >&2
	exit 1
fi
rm -rf "$folder"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
for arch in ${ARCHITECTURES:-amd64 arm64}; do
	name=quittance-$version-linux-$arch
	export CGO_ENABLED=0 GOOS=linux GOARCH=$arch
	go build -trimpath -buildvcs=false -ldflags='-s -w -buildid=' -o "$folder/$name" ./cmd/quittance
	GOOS='' GOARCH='' go run $sbom bin -json -std -noserial -notimestamp -version "$version" -output "$folder/$name.cdx.json" "$folder/$name"
done
cd "$folder"
sha256sum quittance-* >SHA256SUMS
subjects=$(awk '{printf "%s{\"name\":\"%s\",\"digest\":{\"sha256\":\"%s\"}}", (NR > 1 ? "," : ""), $2, $1}' SHA256SUMS)
cat >provenance.json <<JSON
{"_type":"https://in-toto.io/Statement/v1","subject":[$subjects],"predicateType":"https://slsa.dev/provenance/v1","predicate":{"buildDefinition":{"buildType":"https://github.com/quittance/quittance/blob/main/deployments/release.sh","externalParameters":{"version":"$version"},"resolvedDependencies":[{"uri":"git+https://github.com/quittance/quittance","digest":{"gitCommit":"$commit"}},{"uri":"pkg:golang/toolchain@$(go env GOVERSION)"}]},"runDetails":{"builder":{"id":"${BUILDER:-https://github.com/quittance/quittance/blob/main/Makefile#release}"}}}}
JSON
echo "$folder:"
ls -1
