package paper

import (
	"sync"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"github.com/carlos7ags/folio/font"
)

// faces are Liberation Sans, one of the fonts that the style guide allows, and the one whose licence lets us carry it.
var faces = sync.OnceValue(func() [2]font.Face {
	return [2]font.Face{parsed(liberationsansregular.TTF), parsed(liberationsansbold.TTF)}
})

// parsed panics on a font that cannot be read, which no build with passing tests does.
func parsed(data []byte) font.Face {
	face, err := font.ParseFont(data)
	if err != nil {
		panic(err)
	}
	return face
}

func face(bold bool) font.Face {
	if bold {
		return faces()[1]
	}
	return faces()[0]
}

// Fonts are those of one document, which embeds the characters that it uses. They are not safe for concurrent use.
type Fonts struct{ Regular, Bold *font.EmbeddedFont }

// NewFonts returns Liberation Sans for a document.
func NewFonts() Fonts {
	return Fonts{Regular: font.NewEmbeddedFont(face(false)), Bold: font.NewEmbeddedFont(face(true))}
}

// width returns how wide a text is, in millimetres, without kerning.
func width(text string, size float64, bold bool) float64 {
	face, units := face(bold), 0
	for _, r := range text {
		units += face.GlyphAdvance(face.GlyphIndex(r))
	}
	return float64(units) / float64(face.UnitsPerEm()) * size * millimetre
}
