package id_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
)

func TestIdsNameTheirKindAndSortByTime(t *testing.T) {
	first := id.New(id.Invoice)
	for last := range 1000 {
		next := id.New(id.Invoice)
		assert.Less(t, first, next, last)
		first = next
	}
	assert.True(t, id.Valid(id.Invoice, first))
	assert.False(t, id.Valid(id.Payment, first))
	for _, bad := range []string{"", "inv_", "inv_x", "inv_01jd3v0s4xf8wt6k5q9x2m7h3e'", "INV_01jd3v0s4xf8wt6k5q9x2m7h3e"} {
		assert.False(t, id.Valid(id.Invoice, bad), bad)
	}
}

func TestOrderIdsSurviveEveryPaymentMethod(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		order := id.NewOrder()
		assert.Regexp(t, `^[A-Z0-9]{18}$`, order)
		assert.False(t, seen[order])
		seen[order] = true
	}
	assert.Len(t, id.NewSecret(), 27)
}

// TestIdsHaveTheTextOfTypeID has pairs as the TypeID library gives them that made the first ids of Quittance. Some are examples
// of TypeID's specification, version 0.3.
func TestIdsHaveTheTextOfTypeID(t *testing.T) {
	for text, hexadecimal := range map[string]string{
		"inv_00000000000000000000000000": "00000000-0000-0000-0000-000000000000",
		"inv_00000000000000000000000001": "00000000-0000-0000-0000-000000000001",
		"inv_0000000000000000000000000a": "00000000-0000-0000-0000-00000000000a",
		"inv_00000000000000000000000010": "00000000-0000-0000-0000-000000000020",
		"inv_40000000000000000000000000": "80000000-0000-0000-0000-000000000000",
		"inv_7zzzzzzzzzzzzzzzzzzzzzzzzz": "ffffffff-ffff-ffff-ffff-ffffffffffff",
		"inv_0123456789abcdefghjkmnpqrs": "0110c853-1d09-52d8-d73e-1194e95b5f19",
		"evt_01h455vb4pex5vsknk084sn02q": "01890a5d-ac96-774b-bcce-b302099a8057",
		"inv_01k9m21t1jh6q2a0x5v8y3e7f9": "019a6820-e832-89ae-2503-a5da3c371de9",
		"cmp_01k9m1yq8fe3m9x7t2r5v0b4c6": "019a681f-5d0f-70e8-9e9f-42c176059186",
		"pay_01k9m22v2kj7r3b1y6w9z4f8g0": "019a6821-6c53-91f0-3587-c6e27e47a200",
	} {
		prefix := text[:3]
		assert.Equal(t, text, id.Seed(uuid.MustParse(hexadecimal)).ID(prefix))
		assert.True(t, id.Valid(prefix, text), text)
	}
}

func TestIdsOfRecordedWorkflowsStayValid(t *testing.T) {
	for _, recorded := range []string{
		"cmp_01m8gctne6fjjrm03vy24hncwz", "inv_01m8gctnjde73s0v116t40y88d", "pay_01m8gctnp3faa9c2jar0fwby3q", "pay_01m8gctnqdesxa5g97sqj6pnkf",
		"psv_01m851mmn7f1e93atamq4qcpy9", "exc_01m84xw0hzf6t8ny3f7g7vb7f0", "ref_01m84ydk9ten48ve52y4ap3d4g", "evt_01m84z63d3f4gtfq179qgrp5r9",
		"key_01m84xvyybfjkrxndzgv8z53hc", "rcp_01m84zkkajejfadm95mrmrrrz7", "whe_01m84z63a3e8cby851jwpz783z", "doc_01m851kxt3eydah07kz8g263cj",
	} {
		assert.True(t, id.Valid(recorded[:3], recorded), recorded)
		assert.Less(t, recorded, id.New(recorded[:3]), "it was made before")
	}
}

func TestMalformedIdsAreRefused(t *testing.T) {
	const good = "01k9m21t1jh6q2a0x5v8y3e7f9"
	require.True(t, id.Valid(id.Invoice, "inv_"+good))
	for _, bad := range []string{
		"", "inv", "inv_", good, "_" + good, "inv" + good, "inv-" + good, "inv__" + good, "pay_" + good, "xinv_" + good, "INV_" + good, " inv_" + good,
		"inv_" + strings.ToUpper(good), "inv_" + good[1:], "inv_0" + good, "inv_" + good + "\n", "inv_" + good[1:] + "\n", "inv_\n" + good[1:], "inv_" + good[:25] + "\r",
		"inv_" + strings.Repeat("\n", 26), "inv_" + good[:25] + "=", "inv_" + good[:25] + "\x00", "inv_" + good[:25] + "é", "inv_" + good[:24] + "é",
		"inv_8" + good[1:], "inv_z" + good[1:], "inv_80000000000000000000000000", // more than 128 bits
		"inv_" + good[:25] + "i", "inv_" + good[:25] + "l", "inv_" + good[:25] + "o", "inv_" + good[:25] + "u", // no digits of Crockford's
		"019a6820-e832-89ae-2503-a5da3c371de9", "inv_019a6820-e832-89ae-2503-a5",
	} {
		assert.False(t, id.Valid(id.Invoice, bad), "%q", bad)
	}
	for _, prefix := range []string{"", "Inv", "in v", "inv_", "in1", "é"} {
		assert.Panics(t, func() { id.New(prefix) }, prefix)
	}
}

func TestASeedGivesTheSameIdsWheneverItIsAsked(t *testing.T) {
	seed := id.NewSeed()
	payment, receipt := seed.ID(id.Payment), seed.ID(id.Receipt)
	assert.Equal(t, payment, seed.ID(id.Payment))
	assert.Equal(t, payment[len(id.Payment):], receipt[len(id.Receipt):], "only the prefix differs")
	made := uuid.UUID(seed)
	assert.Equal(t, uuid.Version(7), made.Version())
	assert.Equal(t, uuid.RFC4122, made.Variant())
	seconds, nanoseconds := made.Time().UnixTime()
	assert.WithinDuration(t, time.Now(), time.Unix(seconds, nanoseconds), time.Minute)
}

// FuzzIdsSortLikeTheirSeeds gives seeds of any bytes.
func FuzzIdsSortLikeTheirSeeds(f *testing.F) {
	f.Add(make([]byte, 16), bytes.Repeat([]byte{0xff}, 16))
	f.Add([]byte("0123456789abcdef"), []byte("0123456789abcdeg"))
	f.Fuzz(func(t *testing.T, one, other []byte) {
		if len(one) != 16 || len(other) != 16 {
			return
		}
		a, b := id.Seed(one).ID(id.Event), id.Seed(other).ID(id.Event)
		assert.Equal(t, bytes.Compare(one, other), strings.Compare(a, b))
		assert.True(t, id.Valid(id.Event, a), a)
		assert.False(t, id.Valid(id.Invoice, a), a)
	})
}

// FuzzOnlyIdsAreIds reads anything as an id, and looks for order ids in it.
func FuzzOnlyIdsAreIds(f *testing.F) {
	for _, s := range []string{"", "inv_", "inv_01k9m21t1jh6q2a0x5v8y3e7f9", "inv_81k9m21t1jh6q2a0x5v8y3e7f9", "INV_01K9M21T1JH6Q2A0X5V8Y3E7F9", "inv_01k9m21t1jh6q2a0x5v8y3e7f9\n", "inv_\n1k9m21t1jh6q2a0x5v8y3e7f9", "QK3JH5XZ2A7BCMWN4T", "\xff"} {
		f.Add(s)
	}
	plain := regexp.MustCompile(`^inv_[0-7][0-9a-hjkmnp-tv-z]{25}$`)
	f.Fuzz(func(t *testing.T, s string) {
		assert.Equal(t, plain.MatchString(s), id.Valid(id.Invoice, s), "%q", s)
		for _, order := range id.Orders(s) {
			assert.Contains(t, s, order)
			assert.Len(t, order, 18)
		}
	})
}
