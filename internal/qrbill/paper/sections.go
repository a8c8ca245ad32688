package paper

import (
	"strings"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/qrbill"
)

// printed is a bill in the words that are printed.
type printed struct {
	account, reference string
	creditor, debtor   address
	information        []string
	currency, amount   string
	schemes            []string
}

// address is a printed address; a blank one has no name.
type address struct{ name, street, place string }

func printedBill(b qrbill.Bill) printed {
	p := printed{account: qrbill.GroupedAccount(b.Account), reference: b.Reference.Grouped(), creditor: printedAddress(b.Creditor), currency: string(b.Currency)}
	if b.Debtor != nil {
		p.debtor = printedAddress(*b.Debtor)
	}
	if b.Amount != nil {
		p.amount = printedAmount(*b.Amount)
	}
	for _, information := range []string{clean(b.Message), clean(b.BillingInformation)} {
		if information != "" {
			p.information = append(p.information, information)
		}
	}
	for _, scheme := range b.AlternativeSchemes {
		p.schemes = append(p.schemes, clean(scheme))
	}
	return p
}

// printedAddress puts the country before the post code where it is abroad, as letters do.
func printedAddress(a qrbill.Address) address {
	place := clean(a.Postcode) + " " + clean(a.City)
	if a.Country != "CH" && a.Country != "LI" {
		place = a.Country + "-" + place
	}
	return address{clean(a.Name), clean(a.Street + " " + a.HouseNumber), place}
}

func clean(s string) string {
	s, _ = qrbill.Clean(s) // Payload refuses what this leaves out
	return s
}

// printedAmount groups thousands by blanks: 1 949.75.
func printedAmount(amount decimal.Decimal) string {
	whole, cents, _ := strings.Cut(amount.StringFixed(2), ".")
	for place := len(whole) - 3; place > 0; place -= 3 {
		whole = whole[:place] + " " + whole[place:]
	}
	return whole + "." + cents
}

func (s *Slip) receipt(p printed) {
	s.line(margin, titleY, 11, true, s.words.Receipt)
	ways := []fit{{6, 8, 9, unlimited, true}, {6, 8, 9, unlimited, false}, {6, 8, 9, 2, false}, {6, 8, 9, 1, false}}
	s.information(column{x: margin, y: receiptY, width: receiptWidth - 2*margin, height: amountY - receiptY, blankWidth: 52, blankHeight: 20}, ways, p, false)
	s.amount(p, margin, 12, 6, 8, 9, box{receiptWidth - margin - 30, amountY, 30, 10})
	s.line(receiptWidth-margin-width(s.words.AcceptancePoint, 6, true), acceptanceY, 6, true, s.words.AcceptancePoint)
}

func (s *Slip) paymentPart(p printed) {
	s.line(paymentX, titleY, 11, true, s.words.PaymentPart)
	s.amount(p, paymentX, 14, 8, 10, 11, box{paymentX + 51 - 40, amountY + 4.5, 40, 15})
	ways := []fit{{8, 10, 11, unlimited, true}, {7, 9, 10, unlimited, true}, {6, 8, 9, unlimited, true}, {6, 8, 9, 2, true}, {6, 8, 9, 1, true}}
	s.information(column{x: informationX, y: titleY, width: Width - margin - informationX, height: schemesY - titleY, blankWidth: 65, blankHeight: 25}, ways, p, true)
	y := schemesY
	for _, scheme := range p.schemes {
		name := "" // the scheme's, before its data
		if end := strings.IndexAny(scheme, "/: "); end > 0 && end <= longestScheme {
			name = scheme[:end]
		}
		s.line(paymentX, y, 7, true, name)
		after := width(name, 7, true)
		s.line(paymentX+after, y, 7, false, cut(scheme[len(name):], 7, Width-margin-paymentX-after))
		y += 8 * millimetre
	}
}

// amount writes currency and amount, or leaves a field where the payer writes the amount.
func (s *Slip) amount(p printed, x, right, heading, value, leading float64, field box) {
	s.line(x, amountY, heading, true, s.words.Currency)
	s.line(x+right, amountY, heading, true, s.words.Amount)
	below := amountY + leading*millimetre
	s.line(x, below, value, false, p.currency)
	if p.amount != "" {
		s.line(x+right, below, value, false, p.amount)
		return
	}
	s.blank(field.x, field.y, field.width, field.height)
}

// column is where information goes, and the size of the debtor's blank field there.
type column struct {
	x, y, width, height, blankWidth, blankHeight float64
}

// fit is one way to write the information: the sizes of headings, values and the way from line to line, in how many lines a part of an
// address goes, and whether streets are there. The style guide allows values of 8 to 10 points in the payment part, and a receipt
// without streets.
type fit struct {
	heading, value, leading float64
	lines                   int
	streets                 bool
}

const (
	unlimited     = 99
	longestScheme = 30
)

// block is a heading with its lines; one without lines is for the payer to fill in.
type block struct {
	heading string
	lines   []string
}

// information writes who is paid by whom and why, in the first way that has room.
func (s *Slip) information(c column, ways []fit, p printed, additional bool) {
	for i, way := range ways {
		blocks := s.blocks(c, way, p, additional)
		leading, needed := way.leading*millimetre, 0.0
		for _, b := range blocks {
			needed += leading * float64(2+len(b.lines))
			if len(b.lines) == 0 {
				needed += c.blankHeight
			}
		}
		if needed-leading > c.height && i < len(ways)-1 {
			continue
		}
		y := c.y
		for _, b := range blocks {
			s.line(c.x, y, way.heading, true, b.heading)
			y += leading
			if len(b.lines) == 0 {
				s.blank(c.x, y, c.blankWidth, c.blankHeight)
			}
			for _, line := range b.lines {
				s.line(c.x, y, way.value, false, line)
				y += leading
			}
			y += leading
		}
		return
	}
}

func (s *Slip) blocks(c column, way fit, p printed, additional bool) []block {
	fold := func(lines ...string) []string {
		var folded []string
		for _, line := range lines {
			folded = append(folded, wrap(line, way.value, c.width, way.lines)...)
		}
		return folded
	}
	lines := func(a address) []string {
		if !way.streets {
			a.street = ""
		}
		return fold(a.name, a.street, a.place)
	}
	blocks := []block{{s.words.Account, append([]string{p.account}, lines(p.creditor)...)}}
	if p.reference != "" {
		blocks = append(blocks, block{s.words.Reference, []string{p.reference}})
	}
	if additional && len(p.information) > 0 {
		var folded []string
		for _, information := range p.information { // never cut: it may say what the payer must know
			folded = append(folded, wrap(information, way.value, c.width, unlimited)...)
		}
		blocks = append(blocks, block{s.words.AdditionalInformation, folded})
	}
	if p.debtor.name != "" {
		return append(blocks, block{s.words.PayableBy, lines(p.debtor)})
	}
	return append(blocks, block{s.words.PayableByBlank, nil})
}

// line writes one line whose upper edge is at y.
func (s *Slip) line(x, y, size float64, bold bool, value string) {
	if value == "" {
		return
	}
	const ascent = 0.905 // of Liberation Sans
	s.texts = append(s.texts, text{x, y + ascent*size*millimetre, size, bold, value})
}

// wrap returns the lines of a text that is at most so wide. The last line of those that it may have is cut.
func wrap(value string, size, limit float64, most int) []string {
	lines := Wrap(strings.Fields(value), limit, func(line string) float64 { return width(line, size, false) })
	if len(lines) > most {
		lines = append(lines[:most-1], cut(lines[most-1]+" "+lines[most], size, limit))
	}
	return lines
}

// Wrap returns the words in lines, none wider than the limit as width measures them: broken between words, and within a word that is wider
// than a line.
func Wrap(words []string, limit float64, width func(string) float64) (lines []string) {
	line := ""
	for _, word := range words {
		if joined := strings.TrimPrefix(line+" "+word, " "); width(joined) <= limit {
			line = joined
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = ""
		for _, r := range word {
			if line != "" && width(line+string(r)) > limit {
				lines, line = append(lines, line), ""
			}
			line += string(r)
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// cut returns a text that is at most so wide; an ellipsis stands for what is left out.
func cut(value string, size, limit float64) string {
	if width(value, size, false) <= limit {
		return value
	}
	runes := []rune(value)
	for len(runes) > 0 && width(string(runes)+"…", size, false) > limit {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}
