package paper

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"codeberg.org/go-fonts/dejavu/dejavusans"
	"github.com/carlos7ags/folio/font"
	"github.com/carlos7ags/folio/layout"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"

	slip "github.com/quittance/quittance/internal/qrbill/paper"
)

const millimetre = 25.4 / 72 // of a point

// missing stands for a character that no font has.
const missing = '□'

// others is DejaVu Sans. It has letters that Liberation Sans lacks, such as the Arabic ones.
var others = sync.OnceValue(func() font.Face {
	face, err := font.ParseFont(dejavusans.TTF)
	if err != nil {
		panic(err) // no build with passing tests has a font that can't be read
	}
	return face
})

// style is how a text looks; grey is 0 for black to 1 for white.
type style struct {
	size float64
	bold bool
	ink  [3]float64
}

var (
	black = [3]float64{0.08, 0.125, 0.17}
	quiet = [3]float64{0.33, 0.385, 0.43}
	green = [3]float64{0.04, 0.42, 0.23}
	red   = [3]float64{0.6, 0.17, 0.07}
)

// letters are the fonts of one document, and how wide their characters are.
type letters struct {
	fonts  slip.Fonts
	others *font.EmbeddedFont
	widths [2]map[rune]float64 // in ems; by weight
}

func newLetters() *letters {
	return &letters{slip.NewFonts(), font.NewEmbeddedFont(others()), [2]map[rune]float64{{}, {}}}
}

// face returns the font that has the character, in that weight where there is one.
func (l *letters) face(r rune, bold bool) *font.EmbeddedFont {
	own := l.fonts.Regular
	if bold {
		own = l.fonts.Bold
	}
	if own.Face().GlyphIndex(r) == 0 && others().GlyphIndex(r) != 0 {
		return l.others
	}
	return own
}

// has reports whether a font has the character.
func (l *letters) has(r rune) bool {
	return l.fonts.Regular.Face().GlyphIndex(r) != 0 || others().GlyphIndex(r) != 0
}

// printable returns a text in the characters that there are, in the order of writing. What only steers how text is set is left out.
func (l *letters) printable(s string) string {
	s = layout.ShapeArabicWithFont(s, others())
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.Is(unicode.Cf, r) || unicode.IsControl(r) || unicode.Is(unicode.Variation_Selector, r):
			return -1
		case l.has(r):
			return r
		}
		if base := []rune(norm.NFKD.String(string(r))); l.has(base[0]) {
			return base[0]
		}
		if unicode.IsMark(r) {
			return -1
		}
		return missing
	}, s)
}

// visual returns a printable line in the order in which it stands on paper, from left to right.
func visual(line string) string {
	if !strings.ContainsFunc(line, rightToLeft) {
		return line
	}
	var p bidi.Paragraph
	if _, err := p.SetString(line); err != nil {
		return line
	}
	order, err := p.Order()
	if err != nil {
		return line
	}
	// Which way the line goes as a whole, the first letter says.
	first := strings.IndexFunc(line, func(r rune) bool { return rightToLeft(r) || unicode.IsLetter(r) })
	letter, _ := utf8.DecodeRuneInString(line[first:])
	backwardsAll := rightToLeft(letter)
	var runs []string
	from := -1 // of the runs that are read from right to left, one after the other
	for i := range order.NumRuns() {
		run := order.Run(i)
		text := run.String()
		backwards := run.Direction() == bidi.RightToLeft
		if backwards {
			text = bidi.ReverseString(text)
		}
		switch runs = append(runs, text); {
		case backwards && from < 0:
			from = i
		case !backwards && strings.ContainsFunc(text, unicode.IsLetter): // a number stays among them
			if from >= 0 && !backwardsAll {
				slices.Reverse(runs[from:i])
			}
			from = -1
		}
	}
	switch {
	case backwardsAll:
		slices.Reverse(runs)
	case from >= 0:
		slices.Reverse(runs[from:])
	}
	return strings.Join(runs, "")
}

func rightToLeft(r rune) bool {
	p, _ := bidi.LookupRune(r)
	return p.Class() == bidi.R || p.Class() == bidi.AL
}

// width returns how wide a printable text is.
func (l *letters) width(s string, in style) float64 {
	known, ems := l.widths[0], 0.0
	if in.bold {
		known = l.widths[1]
	}
	for _, r := range s {
		wide, ok := known[r]
		if !ok {
			face := l.face(r, in.bold).Face()
			wide = float64(face.GlyphAdvance(face.GlyphIndex(r))) / float64(face.UnitsPerEm())
			known[r] = wide
		}
		ems += wide
	}
	return ems * in.size * millimetre
}

// wrap returns the printable lines of a text, none wider than the limit: broken where it is broken itself, and else as slip.Wrap does.
func (l *letters) wrap(s string, in style, limit float64) (lines []string) {
	for paragraph := range strings.SplitSeq(s, "\n") {
		words := strings.FieldsFunc(l.printable(paragraph), func(r rune) bool { return r == ' ' })
		wrapped := slip.Wrap(words, limit, func(line string) float64 { return l.width(line, in) })
		if len(wrapped) == 0 {
			wrapped = []string{""}
		}
		lines = append(lines, wrapped...)
	}
	return lines
}

// show writes a printable line whose baseline begins at x, y.
func (l *letters) show(ctx layout.DrawContext, x, y float64, line string, in style) {
	stream := ctx.Stream
	stream.SetFillColorRGB(in.ink[0], in.ink[1], in.ink[2])
	stream.BeginText()
	stream.MoveText(x/millimetre, (pageHeight-y)/millimetre)
	text := []rune(visual(line))
	for len(text) > 0 {
		face, end := l.face(text[0], in.bold), 1
		for end < len(text) && l.face(text[end], in.bold) == face {
			end++
		}
		stream.SetFont(slip.Resource(ctx.Page, face), in.size)
		stream.ShowTextHex(face.EncodeString(string(text[:end])))
		text = text[end:]
	}
	stream.EndText()
}
