package calendar_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/calendar"
)

const allCantons = "AG AI AR BE BL BS FR GE GL GR JU LU NE NW OW SG SH SO SZ TG TI UR VD VS ZG ZH"

func canton(t require.TestingT, code string) calendar.Calendar {
	c, err := calendar.ForCanton(code)
	require.NoError(t, err)
	return c
}

func at(t require.TestingT, local string) time.Time {
	parsed, err := time.ParseInLocation("2006-01-02 15:04", local, calendar.Zurich)
	require.NoError(t, err)
	return parsed
}

func TestHolidaysAreThoseOfTheCanton(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		day  string
		off  string // the cantons in which work rests, "all" for every one
		work string // some in which it does not
	}{
		"Neujahr":                        {"2026-01-01", "all", ""},
		"Berchtoldstag":                  {"2026-01-02", "AG BE JU LU TG VD", "ZH BS GE GR SG TI VS NE"},
		"Neujahr was a Sunday":           {"2023-01-02", "BE VD NE", "ZH GE"},
		"Heilige Drei Könige":            {"2026-01-06", "SZ TI UR", "ZH BE GR LU VD"},
		"Instauration de la République":  {"2027-03-01", "NE", "VD GE JU BE"},
		"Josefstag":                      {"2026-03-19", "NW SZ TI UR VS", "ZH BE VD GR"},
		"Karfreitag":                     {"2026-04-03", "ZH BE LU UR SZ OW NW GL ZG FR SO BS BL SH AR AI SG GR AG TG VD NE GE JU", "TI VS"},
		"Ostermontag":                    {"2026-04-06", "ZH BE LU TI VD GE BS ZG", "NE VS"},
		"Näfelser Fahrt":                 {"2024-04-04", "GL", "ZH SG SZ GR"},
		"Näfelser Fahrt, not Holy Week":  {"2026-04-09", "GL", "ZH"},
		"Maundy Thursday in Glarus":      {"2026-04-02", "", "GL ZH"},
		"Tag der Arbeit":                 {"2026-05-01", "ZH BS BL SH TG TI NE JU", "BE LU GE VD SG GR"},
		"Auffahrt":                       {"2026-05-14", "all", ""},
		"Pfingstmontag":                  {"2026-05-25", "ZH BE LU GE VD TI", "NE VS"},
		"Fronleichnam":                   {"2026-06-04", "LU UR SZ OW NW ZG FR SO AI TI VS JU AG", "ZH BE GE VD NE BL GR SG"},
		"Commémoration du plébiscite":    {"2026-06-23", "JU", "BE NE VD"},
		"Santi Pietro e Paolo":           {"2026-06-29", "TI", "GR ZH"},
		"Bundesfeiertag":                 {"2025-08-01", "all", ""},
		"Mariä Himmelfahrt":              {"2025-08-15", "LU UR SZ OW NW ZG FR SO AI TI VS JU AG", "ZH BE BL GE GR VD"},
		"Jeûne genevois":                 {"2026-09-10", "GE", "VD ZH NE"},
		"Jeûne genevois after 1.9.":      {"2024-09-05", "GE", "VD ZH NE"},
		"Lundi du Jeûne fédéral":         {"2026-09-21", "VD", "GE ZH BE"},
		"Bruder Klaus":                   {"2026-09-25", "OW", "NW LU ZH"},
		"Allerheiligen":                  {"2027-11-01", "LU UR SZ OW NW GL ZG FR SO AI SG TI VS JU", "ZH BE BS GE VD GR"},
		"Mariä Empfängnis":               {"2026-12-08", "LU UR SZ OW NW ZG AI TI VS", "ZH BE GE VD JU"},
		"Weihnachten":                    {"2026-12-25", "all", ""},
		"Stephanstag":                    {"2025-12-26", "ZH BE LU UR SZ GL BS BL SH AR AI SG GR AG TG TI", "GE VD VS JU NE"},
		"Weihnachten was a Sunday":       {"2022-12-26", "NE ZH", "GE VD"},
		"Restoration of the Republic":    {"2026-12-31", "GE", "VD ZH"},
		"Saturday":                       {"2026-10-03", "all", ""},
		"Sunday":                         {"2026-10-04", "all", ""},
		"an ordinary Wednesday":          {"2026-10-07", "", allCantons},
		"Sechseläuten, a custom":         {"2026-04-20", "", "ZH"},
		"the Friday after Auffahrt":      {"2026-05-15", "", allCantons},
		"Monday after Sunday 1 August":   {"2027-08-02", "", allCantons},
		"24 December is a business day":  {"2026-12-24", "", allCantons},
		"31 December outside of Geneva":  {"2026-12-31", "", "ZH BE LU TI"},
		"2 January on a Saturday":        {"2027-01-02", "all", ""},
		"Easter Sunday":                  {"2026-04-05", "all", ""},
		"Knabenschiessen, a custom":      {"2026-09-14", "", "ZH"},
		"a leap day":                     {"2028-02-29", "", allCantons},
		"Fasnachtsmontag, a custom":      {"2026-02-23", "", "BS LU"},
		"the Monday after Bettag, Berne": {"2026-09-21", "", "BE FR"},
	}
	for name, test := range tests {
		off := test.off
		if off == "all" {
			off = allCantons
		}
		for _, code := range strings.Fields(off) {
			assert.False(t, canton(t, code).IsBusinessDay(at(t, test.day+" 10:00")), "%s, %s, is a day off in %s", name, test.day, code)
		}
		for _, code := range strings.Fields(test.work) {
			assert.True(t, canton(t, code).IsBusinessDay(at(t, test.day+" 10:00")), "%s, %s, is a business day in %s", name, test.day, code)
		}
	}
}

func TestOnlyTheTwentySixCantonsAreKnown(t *testing.T) {
	t.Parallel()
	require.Len(t, strings.Fields(allCantons), 26)
	for _, code := range strings.Fields(allCantons) {
		_, err := calendar.ForCanton(code)
		require.NoError(t, err, code)
	}
	for _, code := range []string{"", "vd", "XX", "CH", "VD ", "Vaud"} {
		_, err := calendar.ForCanton(code)
		require.ErrorContains(t, err, "canton", code)
	}
}

func TestBusinessDaysAreCountedAcrossHolidaysAtTheSameTimeOfDay(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		canton, from string
		days         int
		want         string
	}{
		"over a weekend":                          {"ZH", "2026-10-02 16:20", 1, "2026-10-05 16:20"},
		"over Easter in Vaud":                     {"VD", "2026-04-01 09:00", 3, "2026-04-08 09:00"},
		"over Easter in Valais":                   {"VS", "2026-04-01 09:00", 3, "2026-04-06 09:00"},
		"over the turn of the year in Berne":      {"BE", "2025-12-24 08:00", 3, "2025-12-31 08:00"},
		"the fifteenth day of a verification":     {"VD", "2026-09-01 10:00", 15, "2026-09-23 10:00"},
		"from a Saturday":                         {"ZH", "2026-10-03 10:00", 1, "2026-10-05 10:00"},
		"backwards":                               {"VD", "2026-04-07 09:00", -1, "2026-04-02 09:00"},
		"none stays, even on a holiday":           {"VD", "2026-04-03 09:00", 0, "2026-04-03 09:00"},
		"into summer time":                        {"ZH", "2026-03-27 02:30", 1, "2026-03-30 02:30"},
		"out of summer time":                      {"ZH", "2026-10-23 02:30", 1, "2026-10-26 02:30"},
		"a minute before midnight":                {"ZH", "2026-10-02 23:59", 1, "2026-10-05 23:59"},
		"a hundred business days are five months": {"ZH", "2026-01-05 12:00", 100, "2026-06-01 12:00"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, from := canton(t, test.canton), at(t, test.from)
			got := c.AddBusinessDays(from, test.days)
			assert.Equal(t, test.want, got.Format("2006-01-02 15:04"))
			assert.Equal(t, test.days, c.BusinessDaysBetween(from, got), "the days between")
		})
	}
}

func TestTheDayIsTheOneInZurichWhateverTheZone(t *testing.T) {
	t.Parallel()
	// 23:30 UTC on Sunday is 00:30 on Monday in Zurich.
	sundayInUTC := time.Date(2026, time.January, 11, 23, 30, 0, 0, time.UTC)
	assert.True(t, canton(t, "ZH").IsBusinessDay(sundayInUTC))
	assert.Equal(t, "2026-01-13 00:30", canton(t, "ZH").NextBusinessDay(sundayInUTC).Format("2006-01-02 15:04"))
}

func TestCountingBusinessDaysIsConsistent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := canton(t, rapid.SampledFrom(strings.Fields(allCantons)).Draw(t, "canton"))
		from := time.Unix(rapid.Int64Range(946684800, 4102444800).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanosecond"))
		n := rapid.IntRange(1, 60).Draw(t, "days")
		to := c.AddBusinessDays(from, n)

		assert.True(t, c.IsBusinessDay(to), "the result is a business day")
		assert.Equal(t, n, c.BusinessDaysBetween(from, to), "as many days lie between")
		assert.Equal(t, to, c.AddBusinessDays(c.AddBusinessDays(from, n-1), 1), "one after the other gives the same")
		assert.True(t, to.After(from) && to.Sub(from) < time.Duration(3*n+14)*24*time.Hour, "no more than the odd holiday is skipped")

		if c.IsBusinessDay(from) {
			back := c.AddBusinessDays(to, -n)
			assert.Equal(t, from.In(calendar.Zurich).Format(time.DateOnly), back.Format(time.DateOnly), "the way back ends where it began")
			assert.Equal(t, -n, c.BusinessDaysBetween(to, back))
		}
	})
}
