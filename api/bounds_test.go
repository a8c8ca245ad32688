package api_test

import (
	"fmt"
	"html"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAnswersStaySmallHoweverLargeAPayoutIs is not parallel: it looks at the heap. QUITTANCE_LARGE_PAYOUT says how many lines it has.
func TestAnswersStaySmallHoweverLargeAPayoutIs(t *testing.T) {
	lines := 20_000
	if n, err := strconv.Atoi(os.Getenv("QUITTANCE_LARGE_PAYOUT")); err == nil {
		lines = n
	}
	w := newWorld(t)
	var file strings.Builder
	file.WriteString(csvHeader)
	for i := range lines {
		_, _ = fmt.Fprintf(&file, "WL-LARGE,2026-11-20,payment,UNKNOWN%06d,CHF,108.00,2.30,105.70\n", i)
	}
	started := time.Now()
	answered := w.importFile("text/csv", file.String())
	imported := answered.json(http.StatusCreated)
	t.Logf("imported in %s", time.Since(started))
	assert.Less(t, answered.Body.Len(), 1<<20)
	require.Equal(t, []any{1.0, 0.0, 0.0}, []any{imported["unmatched_count"], imported["payout_count"], imported["receipt_count"]})
	shown := first(imported["unmatched"])
	assert.Len(t, shown["lines"], 100)
	assert.EqualValues(t, lines, shown["line_count"])

	path, most := "/payouts/"+shown["id"].(string), peak(t)
	for _, list := range []string{
		"/payouts", "/payouts?settlement_id=" + imported["id"].(string), path, path + "/lines?limit=200", path + "/items", "/reconciliation",
		"/settlements", "/settlements/" + imported["id"].(string), "/settlements/" + imported["id"].(string) + "/receipts",
	} {
		started := time.Now()
		found := w.call("GET", list, w.key, nil)
		found.json(http.StatusOK)
		assert.Less(t, found.Body.Len(), 100<<10, list)
		t.Logf("%s: %d bytes in %s", list, found.Body.Len(), time.Since(started))
	}
	assert.Less(t, most(), uint64(16<<20), "nobody loads the lines that are not shown")

	last := w.call("GET", path+"/lines?limit=200&cursor="+strconv.Itoa(lines-1), w.key, nil).json(http.StatusOK)
	assert.NotContains(t, last, "next_cursor")
	assert.EqualValues(t, lines+1, first(last["data"])["line"])
	w.call("GET", path+"/lines?cursor=x", w.key, nil).problem(http.StatusUnprocessableEntity, "validation-failed")
	w.call("GET", path+"/items?cursor=-1", w.key, nil).problem(http.StatusUnprocessableEntity, "validation-failed")
}

func TestAllOfALargePayoutCanBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var file strings.Builder
	file.WriteString(csvHeader)
	for range 103 {
		p := w.captured(chf("10.00"), "2026-11-18")
		_, _ = fmt.Fprintf(&file, "WL-1,2026-11-20,payment,%s,CHF,10.00,0.10,9.90\n", p.OrderID)
	}
	imported := w.importFile("text/csv", file.String()).json(http.StatusCreated)
	booked := first(imported["payouts"])
	assert.Equal(t, []any{"booked", "1030.00", 103.0, 103.0}, []any{booked["state"], booked["gross"], booked["item_count"], booked["line_count"]})
	assert.Len(t, booked["payments"], 100)
	path, seen, cursor := "/payouts/"+booked["id"].(string), map[string]bool{}, ""
	for pages := range 3 {
		page := w.call("GET", path+"/items?limit=50"+cursor, w.key, nil).json(http.StatusOK)
		for _, item := range page["data"].([]any) {
			seen[item.(object)["id"].(string)] = true
		}
		next, more := page["next_cursor"].(string)
		require.Equal(t, pages < 2, more)
		cursor = "&cursor=" + next
	}
	assert.Len(t, seen, 103)
	assert.Len(t, w.call("GET", path+"/lines?limit=200", w.key, nil).json(http.StatusOK)["data"], 103)

	p := w.inPages("viewer")
	assert.Contains(t, p.text("/console"+path), "All 103 items")
	listed := p.visit("/console" + path + "/items").Body.String()
	assert.Equal(t, 50, strings.Count(listed, "<code>pay_"))
	next := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(listed)
	require.NotNil(t, next)
	rest := p.visit(html.UnescapeString(next[1])).Body.String()
	assert.Equal(t, 50, strings.Count(rest, "<code>pay_"))
	assert.NotContains(t, rest, regexp.MustCompile("<code>pay_[^<]+").FindString(listed), "the next page goes on where this one ends")
}
