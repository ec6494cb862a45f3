package wire

import "time"

// Time is a moment as the API writes it: RFC 3339, UTC, microseconds, always
// 27 characters, so that texts sort as the moments do.
type Time time.Time

// TimeFormat is the layout of a Time.
const TimeFormat = "2006-01-02T15:04:05.000000Z"

// Micros is the Time of microseconds since 1970.
func Micros(us int64) Time { return Time(time.UnixMicro(us).UTC()) }

// MicrosPtr is Micros for a nullable column.
func MicrosPtr(us *int64) *Time {
	if us == nil {
		return nil
	}
	t := Micros(*us)
	return &t
}

// Micros is microseconds since 1970.
func (t Time) Micros() int64 { return time.Time(t).UnixMicro() }

func (t Time) String() string { return time.Time(t).UTC().Format(TimeFormat) }

// MarshalText writes the API's form.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads RFC 3339.
func (t *Time) UnmarshalText(b []byte) error {
	v, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return err
	}
	*t = Time(v)
	return nil
}
