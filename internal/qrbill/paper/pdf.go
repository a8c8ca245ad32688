package paper

import (
	"fmt"
	"slices"

	"github.com/carlos7ags/folio/content"
	"github.com/carlos7ags/folio/document"
	"github.com/carlos7ags/folio/font"
	"github.com/carlos7ags/folio/layout"
)

// PDF returns a page of A4 with nothing but the slip at its bottom. It is the same for the same slip, byte by byte.
func (s *Slip) PDF() ([]byte, error) {
	doc := document.NewDocument(document.PageSizeA4)
	doc.SetTagged(true)
	doc.Info.Title = s.words.PaymentPart
	doc.Info.Language = s.language
	doc.SetMargins(layout.Margins{})
	doc.Add(s.OnPage(NewFonts(), 0))
	data, err := doc.ToBytesWithOptions(document.WriteOptions{Deterministic: true})
	if err != nil {
		return nil, fmt.Errorf("QR-bill: %w", err)
	}
	return data, nil
}

// OnPage returns the slip as the last element of a document on A4 whose lower margin has the given height, in points. It stands at the
// very bottom of the page whose text it follows, or of the next page when there is no room.
func (s *Slip) OnPage(fonts Fonts, lowerMargin float64) layout.Element {
	return &onPage{s, fonts, lowerMargin}
}

type onPage struct {
	slip        *Slip
	fonts       Fonts
	lowerMargin float64
}

// PlanLayout takes all that is left of a page, or nothing where the slip has no room.
func (e *onPage) PlanLayout(area layout.LayoutArea) layout.LayoutPlan {
	const tolerance = 0.01 // a page of A4 has rounded measures
	if area.Height+e.lowerMargin+tolerance < Height/millimetre && !area.AtFragmentTop {
		return layout.LayoutPlan{Status: layout.LayoutNothing}
	}
	blocks := []layout.PlacedBlock{
		{Tag: "Figure", AltText: e.slip.words.Code, Draw: e.code},
		{Draw: e.strokes},
	}
	for _, t := range e.slip.texts {
		blocks = append(blocks, layout.PlacedBlock{Tag: "P", Draw: func(ctx layout.DrawContext, _, _ float64) { e.text(ctx, t) }})
	}
	return layout.LayoutPlan{Status: layout.LayoutFull, Consumed: area.Height, Blocks: blocks}
}

func (e *onPage) code(ctx layout.DrawContext, _, _ float64) {
	fill(ctx.Stream, 0, e.slip.modules...)
	for i, b := range e.slip.cross {
		fill(ctx.Stream, [...]float64{1, 0, 1, 1}[i], b)
	}
}

func fill(stream *content.Stream, grey float64, boxes ...box) {
	stream.SetFillColorGray(grey)
	for _, b := range boxes {
		stream.Rectangle(across(b.x), up(b.y+b.height), across(b.width), across(b.height))
	}
	stream.Fill()
}

func (e *onPage) strokes(ctx layout.DrawContext, _, _ float64) {
	stream := ctx.Stream
	stream.BeginMarkedContent("Artifact") // nothing to read aloud; BeginArtifact writes what readers refuse (folio 0.11.0)
	stream.SaveState()
	stream.SetStrokeColorGray(0)
	for _, line := range e.slip.strokes {
		stream.SetLineWidth(line.width)
		stream.SetDashPattern(nil, 0)
		if line.dashed {
			stream.SetDashPattern([]float64{across(1), across(1)}, 0)
		}
		stream.MoveTo(across(line.points[0].x), up(line.points[0].y))
		for _, p := range line.points[1:] {
			stream.LineTo(across(p.x), up(p.y))
		}
		stream.Stroke()
	}
	stream.RestoreState()
	stream.EndMarkedContent()
}

func (e *onPage) text(ctx layout.DrawContext, t text) {
	face := e.fonts.Regular
	if t.bold {
		face = e.fonts.Bold
	}
	ctx.Stream.SetFillColorGray(0)
	ctx.Stream.BeginText()
	ctx.Stream.SetFont(Resource(ctx.Page, face), t.size)
	ctx.Stream.MoveText(across(t.x), up(t.y))
	ctx.Stream.ShowTextHex(face.EncodeString(t.value))
	ctx.Stream.EndText()
}

// Resource returns the name of a font on a page, which it gets when it has none yet.
func Resource(page *layout.PageResult, face *font.EmbeddedFont) string {
	if i := slices.IndexFunc(page.Fonts, func(f layout.FontEntry) bool { return f.Embedded == face }); i >= 0 {
		return page.Fonts[i].Name
	}
	name := fmt.Sprintf("F%d", len(page.Fonts)+1)
	page.Fonts = append(page.Fonts, layout.FontEntry{Name: name, Embedded: face})
	return name
}

// across returns a length in points, up the height in points of a place on the slip above the lower edge of the page.
func across(length float64) float64 { return length / millimetre }

func up(y float64) float64 { return (Height - y) / millimetre }
