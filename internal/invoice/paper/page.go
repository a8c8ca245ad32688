package paper

import (
	"github.com/carlos7ags/folio/layout"
)

// The measures of a page.
const (
	pageHeight    = 297.0
	left, right   = 25.0, 190.0 // edges of the text
	windowY       = 50.0        // of the customer's address, for envelopes with a window on the left
	columnX       = 130.0       // where the company's address stands
	laterTop      = 34.0        // of the text on pages after the first one
	bottom        = 274.0       // of the text
	footY         = 284.0
	aboveSlip     = 187.0 // where a text must have ended that a QR-bill is to follow
	slipFootY     = 187.5
	hair, strong  = 0.35, 1.0 // widths of rules, in points
	small, normal = 8.0, 9.5  // font sizes
	title         = 20.0
)

// page is one page of a document, as an element that takes all of it.
type page struct {
	blocks []layout.PlacedBlock
	foot   float64 // the baseline of its foot
}

// PlanLayout takes a whole page, or nothing where one has begun.
func (p *page) PlanLayout(area layout.LayoutArea) layout.LayoutPlan {
	if !area.AtFragmentTop && area.Height < (pageHeight-1)/millimetre {
		return layout.LayoutPlan{Status: layout.LayoutNothing}
	}
	return layout.LayoutPlan{Status: layout.LayoutFull, Consumed: area.Height, Blocks: p.blocks}
}

func (p *page) add(blocks ...layout.PlacedBlock) { p.blocks = append(p.blocks, blocks...) }

// sheet is a document while it is put on pages; y is where its next text begins.
type sheet struct {
	Content
	words   wording
	letters *letters
	pages   []page
	y       float64
	table   []layout.PlacedBlock // rows that are to go on the page together
}

// addPage begins the next page.
func (s *sheet) addPage() {
	s.pages = append(s.pages, page{foot: footY})
	s.y = laterTop
	if len(s.pages) > 1 {
		number := s.cut(s.words.Invoice+" "+s.Invoice.Number, style{small, false, quiet}, 85)
		s.put(aside(s.text("", left, 20, number, style{small, false, quiet})))
		company := s.cut(s.Company.Name, style{small, false, quiet}, 70)
		s.put(aside(s.text("", right-s.letters.width(company, style{small, false, quiet}), 20, company, style{small, false, quiet})))
	}
}

// put adds blocks to the last page.
func (s *sheet) put(blocks ...layout.PlacedBlock) { s.pages[len(s.pages)-1].add(blocks...) }

// foot writes the foot of a page.
func (s *sheet) foot(i int) {
	in, p := style{small, false, quiet}, &s.pages[i]
	said := s.letters.printable(fill(s.words.Page, "{page}", number(i+1), "{pages}", number(len(s.pages))))
	p.add(aside(s.text("", right-s.letters.width(said, in), p.foot, said, in)))
	if tax := s.Company.Letterhead.Number(); tax != "" {
		p.add(aside(s.text("", left, p.foot, s.cut(s.Company.Name+"  ·  "+tax, in, 120), in)))
	}
}

// text is a printable line whose baseline begins at x, y.
func (s *sheet) text(tag string, x, y float64, line string, in style) layout.PlacedBlock {
	return layout.PlacedBlock{Tag: tag, Draw: func(ctx layout.DrawContext, _, _ float64) { s.letters.show(ctx, x, y, line, in) }}
}

// column writes lines below each other, the first baseline at y, and returns the baseline that would be next.
func (s *sheet) column(tag string, x, y, leading float64, lines []string, in style) float64 {
	block := layout.PlacedBlock{Tag: tag}
	for _, line := range lines {
		block.Children = append(block.Children, s.text("", x, y, line, in))
		y += leading
	}
	s.put(block)
	return y
}

// rule is a line from edge to edge that nobody reads aloud.
func rule(from, to, y, width float64, grey float64) layout.PlacedBlock {
	return aside(layout.PlacedBlock{Draw: func(ctx layout.DrawContext, _, _ float64) {
		ctx.Stream.SetStrokeColorGray(grey)
		ctx.Stream.SetLineWidth(width)
		ctx.Stream.MoveTo(from/millimetre, (pageHeight-y)/millimetre)
		ctx.Stream.LineTo(to/millimetre, (pageHeight-y)/millimetre)
		ctx.Stream.Stroke()
	}})
}

// aside returns a block that is not part of what is read aloud.
func aside(block layout.PlacedBlock) layout.PlacedBlock {
	draw := block.Draw
	block.Draw = func(ctx layout.DrawContext, x, y float64) {
		ctx.Stream.BeginMarkedContent("Artifact") // BeginArtifact writes what readers refuse (folio 0.11.0)
		draw(ctx, x, y)
		ctx.Stream.EndMarkedContent()
	}
	return block
}

// cut returns the printable text, shortened to the limit; an ellipsis stands for what is left out.
func (s *sheet) cut(text string, in style, limit float64) string {
	runes := []rune(s.letters.printable(text))
	if s.letters.width(string(runes), in) <= limit {
		return string(runes)
	}
	for len(runes) > 0 && s.letters.width(string(runes)+"…", in) > limit {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// paragraph writes a text from edge to edge, over as many pages as it needs.
func (s *sheet) paragraph(text string) {
	if text == "" {
		return
	}
	const leading = 4.6
	in := style{normal, false, black}
	lines := s.letters.wrap(text, in, right-left)
	for len(lines) > 0 {
		room := int((bottom - s.y) / leading)
		if room < 1 {
			s.addPage()
			continue
		}
		some := lines[:min(room, len(lines))]
		s.y, lines = s.column("P", left, s.y+leading, leading, some, in)-leading, lines[len(some):]
	}
	s.y += 5
}

// link writes where to go, as text that can be pressed.
func (s *sheet) link(lead, url string) {
	in := style{normal, false, black}
	if s.y+5 > bottom {
		s.addPage()
	}
	s.y += 4.6
	lead = s.letters.printable(lead) + " "
	x := left + s.letters.width(lead, in)
	shown := s.cut(url, in, right-x)
	pressed := s.text("Link", x, s.y, shown, in)
	pressed.X, pressed.Y, pressed.Width, pressed.Height = x/millimetre, (s.y-3.5)/millimetre, s.letters.width(shown, in)/millimetre, 5/millimetre
	pressed.Links = []layout.LinkArea{{URI: url}}
	s.put(layout.PlacedBlock{Tag: "P", Children: []layout.PlacedBlock{s.text("", left, s.y, lead, style{normal, false, quiet}), pressed}})
	s.y += 5
}
