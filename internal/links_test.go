package internal_test

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	// fences are blocks of code, in which nothing is a link or a heading.
	fences = regexp.MustCompile("(?ms)^[ \t]*```.*?^[ \t]*```[ \t]*$")
	// links finds the targets of [text](target), ![text](target), href="target" and src="target".
	links    = regexp.MustCompile(`\]\(([^)\s]+)\)|(?:href|src)="([^"]+)"`)
	headings = regexp.MustCompile(`(?m)^#{1,6} +(.+?)\s*$`)
	// linked is a link within a heading, of which only the text counts.
	linked = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	// silent is what a heading loses in its anchor.
	silent = regexp.MustCompile(`[^\p{L}\p{N}\p{M}\p{Pc} -]`)
)

// documents returns the paths of all Markdown files, from the root of the repository.
func documents(t *testing.T, root string) (paths []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".md") {
			paths = append(paths, path)
		}
		return err
	}))
	return paths
}

// anchors returns the anchors of the headings in a document, as GitHub makes them.
func anchors(t *testing.T, path string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	found := map[string]bool{}
	for _, h := range headings.FindAllStringSubmatch(fences.ReplaceAllString(string(text), ""), -1) {
		found[anchor(h[1])] = true
	}
	return found
}

func anchor(heading string) string {
	heading = silent.ReplaceAllString(strings.ToLower(linked.ReplaceAllString(heading, "$1")), "")
	return strings.ReplaceAll(heading, " ", "-")
}

func TestEveryLinkInADocumentLeadsSomewhere(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	checked := 0
	for _, path := range documents(t, root) {
		name, err := filepath.Rel(root, path)
		require.NoError(t, err)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, l := range links.FindAllStringSubmatch(fences.ReplaceAllString(string(text), ""), -1) {
			target, err := url.Parse(l[1] + l[2])
			require.NoError(t, err, "%s links to %s", name, l[0])
			if target.IsAbs() {
				continue
			}
			checked++
			to := path
			if target.Path != "" {
				to = filepath.Join(filepath.Dir(path), filepath.FromSlash(target.Path))
			}
			info, err := os.Stat(to)
			require.NoError(t, err, "%s links to %s", name, target)
			if target.Fragment == "" {
				continue
			}
			require.False(t, info.IsDir(), "%s links to %s: a folder has no headings", name, target)
			assert.True(t, anchors(t, to)[target.Fragment], "%s links to %s: no such heading", name, target)
		}
	}
	t.Logf("%d links of documents lead somewhere", checked)
	assert.Positive(t, checked)
}

func TestAnchorsAreMadeAsGitHubMakesThem(t *testing.T) {
	t.Parallel()
	for heading, want := range map[string]string{
		"A tour: from nothing to a paid invoice": "a-tour-from-nothing-to-a-paid-invoice",
		"`capture_unclear`":                      "capture_unclear",
		"What *pages* say, in [Go](go.md)":       "what-pages-say-in-go",
		"JavaScript (Node 18 and later)":         "javascript-node-18-and-later",
		"Zahlungen für Käufer":                   "zahlungen-für-käufer",
	} {
		assert.Equal(t, want, anchor(heading))
	}
}

func TestEveryTestThatADocumentNamesIsThere(t *testing.T) {
	t.Parallel()
	root := ".."
	are := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	require.NoError(t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, test := range declared.FindAllStringSubmatch(string(source), -1) {
			are[test[1]] = true
		}
		return err
	}))
	for _, path := range documents(t, root) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, named := range regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w+)`").FindAllStringSubmatch(string(text), -1) {
			assert.True(t, are[named[1]], "%s names %s, which is nowhere", path, named[1])
		}
	}
}
