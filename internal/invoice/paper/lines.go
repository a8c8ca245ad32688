package paper

import (
	"github.com/carlos7ags/folio/layout"

	"github.com/quittance/quittance/internal/money"
)

// field is a column of the table of lines. A numeric one ends at its x, another begins there.
type field struct {
	x, width float64
	numeric  bool
}

var fields = []field{{left, 74, false}, {124, 22, true}, {149, 23, true}, {163, 13, true}, {right, 25, true}}

const (
	rowLeading = 4.4
	rowGap     = 2.4 // above and below the text of a row, together
)

// lines writes the table of what is charged, over as many pages as it needs, with its head on each of them.
func (s *sheet) lines() error {
	charged := s.Invoice.Content.Lines
	if len(charged) == 0 {
		return nil
	}
	if s.y += 4; s.y+4*rowLeading > bottom {
		s.addPage()
	}
	s.tableHead()
	for _, line := range charged {
		price, err := line.Price(s.Invoice.Amount.Currency())
		if err != nil {
			return err
		}
		quantity := money.Grouped(line.Quantity)
		if line.Unit != "" {
			quantity += " " + line.Unit
		}
		s.row([]string{line.Description, quantity, money.Grouped(line.UnitPrice), line.VATRate + " %", amount(price)})
	}
	s.endTable()
	s.y++
	return nil
}

// tableHead begins a table on the page.
func (s *sheet) tableHead() {
	in := style{small, false, quiet}
	head := layout.PlacedBlock{Tag: "TR"}
	for i, name := range []string{s.words.Description, s.words.Quantity, s.words.UnitPrice, s.words.VAT, s.words.Amount} {
		head.Children = append(head.Children, s.cell("TH", fields[i], s.y, s.letters.printable(name), in))
	}
	s.table = []layout.PlacedBlock{head}
	s.put(rule(left, right, s.y+2.2, strong, 0.1))
	s.y += 2.2
}

// endTable puts the rows of the page into one table.
func (s *sheet) endTable() {
	s.put(layout.PlacedBlock{Tag: "Table", Children: s.table})
	s.table = nil
}

// row writes one line. One that is higher than what is left of the page goes to the next, and one that is higher than a page is broken.
func (s *sheet) row(texts []string) {
	in := style{normal, false, black}
	cells, height := make([][]string, len(texts)), 0
	for i, text := range texts {
		cells[i] = s.letters.wrap(text, in, fields[i].width)
		height = max(height, len(cells[i]))
	}
	const most = 50 // lines that a page has room for
	for from := 0; from < height; {
		room := int((bottom - s.y - rowGap) / rowLeading)
		if room < 1 || height-from > room && height-from <= most {
			s.endTable()
			s.addPage()
			s.tableHead()
			continue
		}
		to := min(height, from+room)
		row := layout.PlacedBlock{Tag: "TR"}
		for i, lines := range cells {
			cell := layout.PlacedBlock{Tag: "TD"}
			for n := from; n < min(to, len(lines)); n++ {
				cell.Children = append(cell.Children, s.cell("", fields[i], s.y+rowGap/2+3.3+float64(n-from)*rowLeading, lines[n], in))
			}
			row.Children = append(row.Children, cell)
		}
		s.table = append(s.table, row)
		s.y += rowGap + float64(to-from)*rowLeading
		s.put(rule(left, right, s.y, hair, 0.8))
		from = to
	}
}

func (s *sheet) cell(tag string, f field, y float64, line string, in style) layout.PlacedBlock {
	x := f.x
	if f.numeric {
		x -= s.letters.width(line, in)
	}
	return s.text(tag, x, y, line, in)
}
