# go.sh PREFIX PROXY PACKAGE…
# A package without @version is taken in its latest.
set -eu
prefix=$1
if [ -n "$2" ]; then export GOPROXY=$2 GONOSUMDB='*'; fi
shift 2
export GOBIN=$prefix/bin GOPATH=/tmp/go GOCACHE=/tmp/go-build GOFLAGS=-modcacherw
for package; do
	case $package in
	*@*) ;;
	*) package=$package@latest ;;
	esac
	go install -- "$package"
done
