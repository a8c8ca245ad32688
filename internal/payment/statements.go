package payment

import (
	"maps"
	"slices"
	"strings"
)

// onStatements are the names that the acquirer has for brands on bank statements and in its lists, where Saferpay has another one.
// Saferpay counts debit cards with their brand.
var onStatements = map[string]string{
	"VSDB":  "VISA",       // Visa Debit
	"ECAMC": "MASTERCARD", // Mastercard
	"DMC":   "MASTERCARD", // Debit Mastercard
}

// BrandAtSaferpay returns Saferpay's name of a brand, by its name on statements or at Saferpay, in capital or small letters. A name that
// nobody knows is returned in capital letters.
func BrandAtSaferpay(name string) string {
	name = strings.ToUpper(name)
	if saferpay, ok := onStatements[name]; ok {
		return saferpay
	}
	return name
}

// BrandNames returns all names of brands, on statements and at Saferpay, sorted.
func BrandNames() []string {
	all := slices.Collect(maps.Keys(onStatements))
	for _, m := range Methods {
		all = append(all, m.SaferpayNames()...)
	}
	slices.Sort(all)
	return all
}

// MethodOfBrand returns the method behind a brand, by Saferpay's name of it; empty when no method has it.
func MethodOfBrand(saferpay string) Method {
	i := slices.IndexFunc(Methods, func(m Method) bool { return slices.Contains(m.SaferpayNames(), saferpay) })
	if i < 0 {
		return ""
	}
	return Methods[i]
}

// OnlyBrand returns Saferpay's name of the brand behind a method that has one only; empty for another.
func (m Method) OnlyBrand() string {
	if names := m.SaferpayNames(); len(names) == 1 {
		return names[0]
	}
	return ""
}
