// Package paper draws the payment part and the receipt of a QR-bill, as the Style Guide QR-bill says, for a page of a PDF and as an SVG.
//
// Slip holds one layout, in shapes; both drawings show just these. Lengths are in millimetres from the upper left corner of the slip,
// font sizes and line widths in points. They are measures on paper, not money, and so they may be floats.
package paper

import (
	"embed"
	"fmt"

	"github.com/quittance/quittance/internal/qrbill"
	"github.com/quittance/quittance/internal/words"
)

// Width and Height are the size of a slip in millimetres: receipt and payment part beside each other.
const (
	Width  = 210.0
	Height = 105.0

	receiptWidth = 62.0
	margin       = 5.0
	millimetre   = 25.4 / 72 // of a point
	paymentX     = receiptWidth + margin

	titleY       = 5.0
	receiptY     = 12.0 // where the receipt's information starts
	amountY      = 68.0
	acceptanceY  = 82.0
	schemesY     = 90.0
	informationX = 118.0

	codeX, codeY = paymentX, 17.0
	codeSize     = 46.0
	crossSize    = 7.0 // with its white border
	crossBlack   = 6.0
)

//go:embed words
var wordFiles embed.FS

// wording is what the Style Guide QR-bill prints in one language, and what those hear who don't see the code.
type wording struct {
	PaymentPart           string `yaml:"payment_part"`
	Receipt               string `yaml:"receipt"`
	Account               string `yaml:"account"`
	Reference             string `yaml:"reference"`
	AdditionalInformation string `yaml:"additional_information"`
	PayableBy             string `yaml:"payable_by"`
	PayableByBlank        string `yaml:"payable_by_blank"`
	Currency              string `yaml:"currency"`
	Amount                string `yaml:"amount"`
	AcceptancePoint       string `yaml:"acceptance_point"`
	Code                  string `yaml:"code"`
}

var wordings = words.Languages[wording](wordFiles, "words")

// text is a line of text; y is its baseline.
type text struct {
	x, y, size float64
	bold       bool
	value      string
}

// box is a filled rectangle.
type box struct{ x, y, width, height float64 }

// stroke is a line through points, in black.
type stroke struct {
	points []point
	width  float64
	dashed bool
}

type point struct{ x, y float64 }

// Slip is a QR-bill that is ready to draw: payment part and receipt.
type Slip struct {
	language string
	words    wording
	texts    []text
	strokes  []stroke
	modules  []box // the dark parts of the code
	cross    [4]box
}

// New lays out a bill in one of invoice.Languages. The error is that of Bill.Payload.
func New(bill qrbill.Bill, language string) (*Slip, error) {
	words, ok := wordings[language]
	if !ok {
		return nil, fmt.Errorf("QR-bill: no words in language %q", language)
	}
	payload, err := bill.Payload()
	if err != nil {
		return nil, err
	}
	code, err := qrbill.Encode(payload)
	if err != nil {
		return nil, err
	}
	s := &Slip{language: language, words: words, modules: modules(code), cross: cross()}
	printed := printedBill(bill)
	s.receipt(printed)
	s.paymentPart(printed)
	s.perforation()
	return s, nil
}

// modules returns the dark parts of a code, those beside each other as one box.
func modules(code qrbill.Code) []box {
	size := codeSize / float64(len(code))
	var boxes []box
	for row, dark := range code {
		for column := 0; column < len(dark); column++ {
			from := column
			for column < len(dark) && dark[column] {
				column++
			}
			if column > from {
				boxes = append(boxes, box{codeX + float64(from)*size, codeY + float64(row)*size, float64(column-from) * size, size})
			}
		}
	}
	return boxes
}

// cross returns the Swiss cross in the middle of the code: a white field, a black one within it, and the two white arms.
func cross() [4]box {
	centred := func(width, height float64) box {
		return box{codeX + (codeSize-width)/2, codeY + (codeSize-height)/2, width, height}
	}
	const length, thickness = 3.9, 1.17 // as on the flag, 20 to 6
	return [4]box{centred(crossSize, crossSize), centred(crossBlack, crossBlack), centred(length, thickness), centred(thickness, length)}
}

// perforation draws where to cut: dashed lines with scissors.
func (s *Slip) perforation() {
	const thin = 0.5
	s.strokes = append(
		s.strokes,
		stroke{[]point{{0, 0}, {Width, 0}}, thin, true},
		stroke{[]point{{receiptWidth, 0}, {receiptWidth, Height}}, thin, true},
	)
	along := func(place func(along, across float64) point) {
		line := func(points ...point) {
			for i, p := range points {
				points[i] = place(p.x, p.y)
			}
			s.strokes = append(s.strokes, stroke{points, thin, false})
		}
		for _, side := range []float64{-1, 1} {
			line(ring(1, side*0.85, 0.7)...)
			line(point{1.6, side * 0.5}, point{4.6, -side * 0.6})
		}
	}
	along(func(along, across float64) point { return point{margin + along, across} })
	along(func(along, across float64) point { return point{receiptWidth + across, 8 + along} })
}

// ring returns points of a circle, which look round at the size of scissors.
func ring(x, y, radius float64) []point {
	const c = 0.866 // half of the square root of 3
	var points []point
	for _, p := range []point{{1, 0}, {c, 0.5}, {0.5, c}, {0, 1}, {-0.5, c}, {-c, 0.5}, {-1, 0}, {-c, -0.5}, {-0.5, -c}, {0, -1}, {0.5, -c}, {c, -0.5}, {1, 0}} {
		points = append(points, point{x + radius*p.x, y + radius*p.y})
	}
	return points
}

// blank draws the four corners of a field that the payer fills in.
func (s *Slip) blank(x, y, width, height float64) {
	const length, line = 3.0, 0.75
	for _, right := range []bool{false, true} {
		for _, low := range []bool{false, true} {
			cornerX, cornerY, dx, dy := x, y, length, length
			if right {
				cornerX, dx = x+width, -length
			}
			if low {
				cornerY, dy = y+height, -length
			}
			s.strokes = append(s.strokes, stroke{[]point{{cornerX + dx, cornerY}, {cornerX, cornerY}, {cornerX, cornerY + dy}}, line, false})
		}
	}
}
