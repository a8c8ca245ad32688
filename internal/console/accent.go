package console

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
)

// colour is red, green and blue, each from 0 to 255.
type colour [3]uint8

// parseColour reads #0d5c4d.
func parseColour(hex string) (c colour, ok bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 24)
	return colour{uint8(n >> 16), uint8(n >> 8), uint8(n)}, err == nil && len(hex) == len("#0d5c4d") //nolint:gosec // each is one of three bytes
}

func (c colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// luminance is the relative luminance of WCAG 2.2.
func (c colour) luminance() float64 {
	linear := func(v uint8) float64 {
		if s := float64(v) / 255; s > 0.04045 {
			return math.Pow((s+0.055)/1.055, 2.4)
		}
		return float64(v) / 255 / 12.92
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// contrast is the contrast ratio of WCAG 2.2, 1 to 21.
func (c colour) contrast(other colour) float64 {
	a, b := c.luminance(), other.luminance()
	return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}

// mixed returns the colour with that share of another.
func (c colour) mixed(other colour, share float64) (m colour) {
	for i := range c {
		m[i] = uint8(math.Round(float64(c[i])*(1-share) + float64(other[i])*share))
	}
	return m
}

var (
	black, white = colour{}, colour{255, 255, 255}
	darkPaper    = colour{0x17, 0x20, 0x2a} // --paper of the stylesheet when it is dark
)

// readable is the least contrast between text and what it stands on.
const readable = 4.5

// legible returns the accent as near as it may be on paper: mixed with away, step by step, until it can be read.
func (c colour) legible(paper, away colour) colour {
	for share := 0.0; ; share += 0.02 {
		if m := c.mixed(away, min(share, 1)); m.contrast(paper) >= readable || share >= 1 {
			return m
		}
	}
}

// accentRules sets the accent for one appearance of the console.
func accentRules(accent, away colour) string {
	on := white
	if accent.contrast(black) > accent.contrast(white) {
		on = black
	}
	return fmt.Sprintf(":root{--accent:%s;--on-accent:%s;--accent-hover:%s}", accent, on, accent.mixed(away, 0.2))
}

// accentPath is where the stylesheet of an accent is.
func accentPath(accent string) string {
	return "/console/accent-" + strings.ToLower(strings.TrimPrefix(accent, "#")) + ".css"
}

// accentStyle answers with the accent of an invoicing product, for pages in its frame. Style in the page itself is not allowed there.
func accentStyle(w http.ResponseWriter, r *http.Request) {
	accent, ok := parseColour("#" + chi.URLParam(r, "accent"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	asset{contentType: "text/css; charset=utf-8", content: []byte(accentRules(accent.legible(white, black), black) +
		"@media(prefers-color-scheme:dark){" + accentRules(accent.legible(darkPaper, white), white) + "}\n")}.ServeHTTP(w, r)
}
