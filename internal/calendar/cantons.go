package calendar

import (
	"slices"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/ch"
)

// The library computes days in cal.DefaultLoc. Unless set, that is the zone of the host, and a day would depend on where the
// worker runs.
func init() { cal.DefaultLoc = time.UTC }

// cantons holds the public holidays by the law of each canton. The library's lists miss days that only one canton has, and hold
// some that only single communes keep; with and without correct that. Half days and communal customs (Sechseläuten, Fasnacht)
// are business days.
var cantons = map[string][]*cal.Holiday{
	"AG": ch.HolidaysAG,
	"AI": ch.HolidaysAI,
	"AR": ch.HolidaysAR,
	"BE": ch.HolidaysBE,
	"BL": without(ch.HolidaysBL, ch.Fronleichnam, ch.MariaHimmelfahrt),
	"BS": ch.HolidaysBS,
	"FR": ch.HolidaysFR,
	"GE": with(without(ch.HolidaysGE, ch.Fronleichnam), jeuneGenevois, restorationOfTheRepublic),
	"GL": with(ch.HolidaysGL, naefelserFahrt),
	"GR": without(ch.HolidaysGR, ch.HeiligeDreiKoenige, ch.Josefstag, ch.Fronleichnam, ch.MariaHimmelfahrt, ch.Allerheiligen, ch.MariaEmpfangnis),
	"JU": with(ch.HolidaysJU, plebisciteJurassien),
	"LU": with(ch.HolidaysLU, ch.Berchtoldstag, ch.Ostermontag, ch.Pfingstmontag),
	"NE": with(without(ch.HolidaysNE, ch.Fronleichnam), instaurationDeLaRepublique, onMonday(ch.Berchtoldstag), onMonday(ch.ZweiterWeihnachtsfeiertag)),
	"NW": ch.HolidaysNW,
	"OW": with(ch.HolidaysOW, bruderKlaus),
	"SG": ch.HolidaysSG,
	"SH": ch.HolidaysSH,
	"SO": ch.HolidaysSO,
	"SZ": ch.HolidaysSZ,
	"TG": ch.HolidaysTG,
	"TI": with(ch.HolidaysTI, santiPietroEPaolo),
	"UR": ch.HolidaysUR,
	"VD": with(ch.HolidaysVD, lundiDuJeune),
	"VS": ch.HolidaysVS,
	"ZG": with(ch.HolidaysZG, ch.Fronleichnam, ch.MariaHimmelfahrt, ch.MariaEmpfangnis),
	"ZH": ch.HolidaysZH,
}

// Days that one canton has for itself.
var (
	// The Thursday after the first Sunday of September.
	jeuneGenevois            = &cal.Holiday{Name: "Jeûne genevois", Month: time.September, Weekday: time.Sunday, Offset: 1, CalcOffset: 4, Func: cal.CalcWeekdayOffset}
	restorationOfTheRepublic = on("Restoration of the Republic", time.December, 31)
	// The first Thursday of April, a week later when that is in Holy Week.
	naefelserFahrt             = &cal.Holiday{Name: "Näfelser Fahrt", Month: time.April, Weekday: time.Thursday, Offset: 1, Func: outsideHolyWeek}
	plebisciteJurassien        = on("Commémoration du plébiscite jurassien", time.June, 23)
	instaurationDeLaRepublique = on("Instauration de la République", time.March, 1)
	bruderKlaus                = on("Bruder Klaus", time.September, 25)
	santiPietroEPaolo          = on("Santi Pietro e Paolo", time.June, 29)
	// The Monday after the third Sunday of September.
	lundiDuJeune = &cal.Holiday{Name: "Lundi du Jeûne fédéral", Month: time.September, Weekday: time.Sunday, Offset: 3, CalcOffset: 1, Func: cal.CalcWeekdayOffset}
)

func on(name string, month time.Month, day int) *cal.Holiday {
	return &cal.Holiday{Name: name, Month: month, Day: day, Func: cal.CalcDayOfMonth}
}

// onMonday is the holiday in years in which it falls on a Monday, as Neuchâtel keeps the day after a Sunday holiday.
func onMonday(holiday *cal.Holiday) *cal.Holiday {
	monday := holiday.Clone(nil)
	monday.Func = func(h *cal.Holiday, year int) time.Time {
		day := holiday.Func(h, year)
		if day.Weekday() != time.Monday {
			return time.Time{}
		}
		return day
	}
	return monday
}

func outsideHolyWeek(h *cal.Holiday, year int) time.Time {
	thursday := cal.CalcWeekdayOffset(h, year)
	goodFriday, _ := ch.Karfreitag.Calc(year)
	if thursday.AddDate(0, 0, 1).Equal(goodFriday) {
		return thursday.AddDate(0, 0, 7)
	}
	return thursday
}

func with(holidays []*cal.Holiday, more ...*cal.Holiday) []*cal.Holiday {
	return slices.Concat(holidays, more)
}

func without(holidays []*cal.Holiday, less ...*cal.Holiday) []*cal.Holiday {
	return slices.DeleteFunc(slices.Clone(holidays), func(h *cal.Holiday) bool { return slices.Contains(less, h) })
}
