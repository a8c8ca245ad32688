package paper

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// SVG returns the slip as a picture for a web page: 210 by 105 millimetres, with text that can be selected, and without script, style
// sheet or anything from elsewhere.
func (s *Slip) SVG() []byte {
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" lang="%s" width="%gmm" height="%gmm" viewBox="0 0 %g %g">`, s.language, Width, Height, Width, Height)
	fmt.Fprintf(&svg, `<rect width="%g" height="%g" fill="#fff"/>`, Width, Height)
	s.svgCode(&svg)
	for _, stroke := range s.strokes {
		dash := ""
		if stroke.dashed {
			dash = ` stroke-dasharray="1 1"`
		}
		svg.WriteString(`<polyline fill="none" stroke="#000"` + dash + ` stroke-width="` + decimals(stroke.width*millimetre) + `" points="`)
		for _, p := range stroke.points {
			svg.WriteString(decimals(p.x) + "," + decimals(p.y) + " ")
		}
		svg.WriteString(`"/>`)
	}
	svg.WriteString(`<g font-family="Liberation Sans,Arial,Helvetica,sans-serif">`)
	for _, text := range s.texts {
		weight := ""
		if text.bold {
			weight = ` font-weight="bold"`
		}
		svg.WriteString(`<text x="` + decimals(text.x) + `" y="` + decimals(text.y) + `" font-size="` + decimals(text.size*millimetre) + `"` + weight + ">" + escaped(text.value) + "</text>")
	}
	svg.WriteString("</g></svg>")
	return []byte(svg.String())
}

// CodeSVG returns the code alone as a picture for a web page, with the white border that readers need: 56 by 56 millimetres.
func (s *Slip) CodeSVG() []byte {
	var svg strings.Builder
	const size = codeSize + 2*margin
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" lang="%s" width="%gmm" height="%gmm" viewBox="%g %g %g %g">`, s.language, size, size, codeX-margin, codeY-margin, size, size)
	fmt.Fprintf(&svg, `<rect x="%g" y="%g" width="%g" height="%g" fill="#fff"/>`, codeX-margin, codeY-margin, size, size)
	s.svgCode(&svg)
	svg.WriteString("</svg>")
	return []byte(svg.String())
}

func (s *Slip) svgCode(svg *strings.Builder) {
	label := escaped(s.words.Code)
	svg.WriteString(`<g role="img" aria-label="` + label + `"><title>` + label + `</title><path shape-rendering="crispEdges" d="`)
	for _, b := range s.modules {
		svg.WriteString("M" + decimals(b.x) + " " + decimals(b.y) + "h" + decimals(b.width) + "v" + decimals(b.height) + "h-" + decimals(b.width) + "z")
	}
	svg.WriteString(`"/>`)
	for i, b := range s.cross {
		svg.WriteString(`<rect x="` + decimals(b.x) + `" y="` + decimals(b.y) + `" width="` + decimals(b.width) + `" height="` + decimals(b.height) + `" fill="` + [...]string{"#fff", "#000", "#fff", "#fff"}[i] + `"/>`)
	}
	svg.WriteString("</g>")
}

// decimals returns a length with at most four decimals.
func decimals(length float64) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.4f", length), "0"), ".")
}

func escaped(s string) string {
	var text strings.Builder
	if err := xml.EscapeText(&text, []byte(s)); err != nil {
		return "" // a strings.Builder never fails
	}
	return text.String()
}
