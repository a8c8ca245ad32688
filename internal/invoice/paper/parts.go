package paper

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	_ "image/jpeg" // of logos
	_ "image/png"
	"strconv"
	"strings"

	folioimage "github.com/carlos7ags/folio/image"
	"github.com/carlos7ags/folio/layout"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
)

func number(n int) string { return strconv.Itoa(n) }

// amount writes an amount the way it stands on Swiss invoices.
func amount(a money.Amount) string { return money.Grouped(a.Value()) }

// letterhead says who sends the invoice: the logo or the name on the left, how to reach the company on the right.
func (s *sheet) letterhead() error {
	const top, logoWidth, logoHeight = 16.0, 60.0, 22.0
	wide, y, below := columnX-left-8, top, top
	name := style{10, true, black}
	if s.Logo != nil {
		height, err := s.logo(left, top, logoWidth, logoHeight)
		if err != nil {
			return err
		}
		below = top + height
		y = s.column("P", columnX, y+3, 4.2, s.letters.wrap(s.Company.Name, name, right-columnX), name) - 3
	} else {
		for _, size := range []float64{16, 12, 9} { // a name of many letters is written smaller
			name.size = size
			if lines := s.letters.wrap(s.Company.Name, name, wide); len(lines) <= 2 || size == 9 {
				below = s.column("P", left, top+size*millimetre*0.85, size*0.43, lines, name)
				break
			}
		}
	}
	var lines []string
	for _, line := range append(s.Company.Letterhead.Lines(), s.Company.Letterhead.Number()) {
		if line != "" {
			lines = append(lines, s.letters.wrap(line, style{small, false, quiet}, right-columnX)...)
		}
	}
	if len(lines) > 0 {
		y = s.column("P", columnX, y+3, 3.8, lines, style{small, false, quiet})
	}
	s.y = max(below, y)
	return nil
}

// logo draws the logo within that width and height, and returns how high it became.
func (s *sheet) logo(x, y, width, height float64) (float64, error) {
	decoded, _, err := image.Decode(bytes.NewReader(s.Logo.Content))
	if err != nil {
		return 0, fmt.Errorf("logo: %w", err)
	}
	size := decoded.Bounds()
	picture, err := folioimage.NewJPEG(s.Logo.Content)
	if s.Logo.ContentType == "image/png" || err != nil {
		pixels := image.NewRGBA(image.Rect(0, 0, size.Dx(), size.Dy()))
		draw.Draw(pixels, pixels.Bounds(), image.White, image.Point{}, draw.Src) // paper is white: no transparency needed
		draw.Draw(pixels, pixels.Bounds(), decoded, size.Min, draw.Over)
		picture = folioimage.NewFromGoImage(pixels)
	}
	if scale := min(width/float64(size.Dx()), height/float64(size.Dy())); scale > 0 {
		width, height = float64(size.Dx())*scale, float64(size.Dy())*scale
	}
	s.put(layout.PlacedBlock{Tag: "Figure", AltText: s.Company.Name, Draw: func(ctx layout.DrawContext, _, _ float64) {
		name := fmt.Sprintf("Im%d", len(ctx.Page.Images)+1)
		ctx.Page.Images = append(ctx.Page.Images, layout.ImageEntry{Name: name, Image: picture})
		ctx.Stream.SaveState()
		ctx.Stream.ConcatMatrix(width/millimetre, 0, 0, height/millimetre, x/millimetre, (pageHeight-y-height)/millimetre)
		ctx.Stream.Do(name)
		ctx.Stream.RestoreState()
	}})
	return height, nil
}

// address puts the customer where the window of an envelope is, below the company's own address in small letters, and the facts beside it.
func (s *sheet) address() {
	s.y = max(windowY, s.y+4)
	if sender := s.Company.Letterhead.Address.Lines(); len(sender) > 0 {
		in := style{6.5, false, quiet}
		s.put(s.text("P", left, s.y, s.cut(strings.Join(append([]string{s.Company.Name}, sender...), " · "), in, 85), in))
	}
	in := style{10.5, false, black}
	var lines []string
	for _, line := range append([]string{s.Invoice.Customer.Name}, s.Invoice.Content.Address.Lines()...) {
		lines = append(lines, s.letters.wrap(line, in, 85)...)
	}
	beside := s.facts(s.y + 7)
	s.y = max(beside, s.column("P", left, s.y+7, 4.9, lines, in))
}

// title names the document, and says what became of it.
func (s *sheet) title() {
	s.y = max(86, s.y+12)
	head := style{title, true, black}
	if state, ink := s.state(); state != "" {
		in := style{11, true, ink}
		state = s.cut(state, in, 60)
		s.put(s.text("P", right-s.letters.width(state, in), s.y, state, in))
	}
	if s.letters.width(s.words.Invoice+" "+s.Invoice.Number, head) > 100 {
		head.size = 13
	}
	leading := head.size * 0.45
	s.y = s.column("H1", left, s.y, leading, s.letters.wrap(s.words.Invoice+" "+s.Invoice.Number, head, 105), head) - leading + 8
}

func (s *sheet) state() (said string, ink [3]float64) {
	switch s.Invoice.Status {
	case invoice.Draft:
		return s.words.Draft, quiet
	case invoice.Paid:
		return fill(s.words.PaidOn, "{date}", s.day(calendar.Day(s.Invoice.PaidAt))), green
	case invoice.Cancelled:
		return s.words.Cancelled, red
	default:
		return "", black
	}
}

// facts says when and how much, beside the address.
func (s *sheet) facts(y float64) float64 {
	inv := s.Invoice
	facts := [][2]string{{s.words.DueBy, s.day(inv.DueDate)}, {s.words.Amount, string(inv.Amount.Currency()) + " " + amount(inv.Amount)}}
	if inv.Status == invoice.PartiallyPaid {
		facts[1] = [2]string{s.words.AmountDue, string(inv.Amount.Currency()) + " " + amount(inv.AmountDue())}
	}
	if issued := inv.IssueDate(); !issued.IsZero() {
		facts = append([][2]string{{s.words.Date, s.day(issued)}}, facts...)
	}
	for i, fact := range facts {
		label, value := style{normal, false, quiet}, style{normal, i == len(facts)-1, black}
		said := s.letters.printable(fact[1])
		s.put(layout.PlacedBlock{Tag: "P", Children: []layout.PlacedBlock{
			s.text("", columnX, y, s.letters.printable(fact[0]), label), s.text("", right-s.letters.width(said, value), y, said, value),
		}})
		y += 4.9
	}
	return y
}

// totals says what the lines come to, and what of it is due.
func (s *sheet) totals() error {
	inv, rows := s.Invoice, []total(nil)
	totals, err := inv.Content.Totals(inv.Amount.Currency())
	if err != nil {
		return err
	}
	if !totals.Tax.IsZero() {
		rows = append(rows, total{label: s.words.Net, value: amount(totals.Net)})
	}
	for _, rate := range totals.Rates {
		if !rate.Tax.IsZero() {
			rows = append(rows, total{label: fill(s.words.TaxOf, "{rate}", rate.Rate.String(), "{net}", amount(rate.Net)), value: amount(rate.Tax)})
		}
	}
	if len(inv.Content.Lines) > 0 {
		if rounding := inv.Amount.Sub(totals.Gross); !rounding.IsZero() {
			rows = append(rows, total{label: s.words.Rounding, value: amount(rounding)})
		}
	}
	currency := " " + string(inv.Amount.Currency())
	rows = append(rows, total{s.words.Total + currency, amount(inv.Amount), true})
	received := inv.AmountPaid
	if inv.AmountRefunded.IsPositive() {
		received = received.Add(inv.AmountRefunded)
	}
	if received.IsPositive() {
		rows = append(rows, total{label: s.words.Paid, value: amount(received)})
	}
	if inv.AmountRefunded.IsPositive() {
		rows = append(rows, total{label: s.words.Refunded, value: amount(inv.AmountRefunded)})
	}
	if inv.Status == invoice.PartiallyPaid {
		rows = append(rows, total{s.words.Due + currency, amount(inv.AmountDue()), true})
	}
	s.sum(rows)
	if inv.Content.PricesIncludeVAT && !totals.Tax.IsZero() {
		s.put(s.text("P", left, s.y, s.letters.printable(s.words.TaxIncluded), style{small, false, quiet}))
		s.y += 5
	}
	return nil
}

// total is one row of the sum.
type total struct {
	label, value string
	strong       bool
}

// sum writes the rows on the right, together on one page where they fit.
func (s *sheet) sum(rows []total) {
	const leading, from = 5.6, 105.0
	if needed := leading * float64(len(rows)); s.y+needed > bottom && needed < bottom-laterTop {
		s.addPage()
	}
	block := layout.PlacedBlock{Tag: "Table"}
	for _, row := range rows {
		if s.y+leading > bottom {
			s.put(block)
			s.addPage()
			block.Children = nil
		}
		label, value := style{normal, row.strong, quiet}, style{normal, row.strong, black}
		if row.strong {
			label.ink = black
			s.put(rule(from, right, s.y+2.2, strong, 0.1))
			s.y += 2
		}
		s.y += leading
		block.Children = append(block.Children, layout.PlacedBlock{Tag: "TR", Children: []layout.PlacedBlock{
			s.text("TH", from, s.y, s.cut(row.label, label, 60), label),
			s.text("TD", right-s.letters.width(row.value, value), s.y, row.value, value),
		}})
	}
	s.put(block)
	s.y += 8
}
