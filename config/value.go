package config

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Inside the package a value is an int64, float64, bool, string, time.Duration, []int64, []float64 or []string, whatever the
// width and the name of the field's type.

// kind is the type of an option.
type kind struct {
	element reflect.Kind // Int64, Float64, Bool, String
	isTime  bool         // a time.Duration; element is Int64
	list    bool
}

func kindOf(t reflect.Type) (kind, bool) {
	if t == duration {
		return kind{element: reflect.Int64, isTime: true}, true
	}
	list := t.Kind() == reflect.Slice
	if list {
		t = t.Elem()
	}
	if t == duration {
		return kind{}, false
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		return kind{element: reflect.Int64, list: list}, true
	case reflect.Float64, reflect.String:
		return kind{element: t.Kind(), list: list}, true
	case reflect.Bool:
		return kind{element: reflect.Bool}, !list
	}
	return kind{}, false
}

func (k kind) String() string {
	name := map[reflect.Kind]string{reflect.Int64: "integer", reflect.Float64: "number", reflect.Bool: "boolean",
		reflect.String: "text"}[k.element]
	switch {
	case k.isTime:
		return "duration"
	case k.list:
		return "list of " + name + "s"
	}
	return name
}

// read takes a value out of a field; a list is copied.
func (k kind) read(field reflect.Value) any {
	if k.list {
		list := reflect.MakeSlice(k.listType(), field.Len(), field.Len())
		for i := range field.Len() {
			list.Index(i).Set(field.Index(i).Convert(k.listType().Elem()))
		}
		return list.Interface()
	}
	switch {
	case k.isTime:
		return time.Duration(field.Int())
	case k.element == reflect.Int64:
		return field.Int()
	case k.element == reflect.Float64:
		return field.Float()
	case k.element == reflect.Bool:
		return field.Bool()
	}
	return field.String()
}

// write puts a value into a field; a list is copied.
func (k kind) write(field reflect.Value, v any) {
	value := reflect.ValueOf(v)
	if !k.list {
		field.Set(value.Convert(field.Type()))
		return
	}
	list := reflect.MakeSlice(field.Type(), value.Len(), value.Len())
	for i := range value.Len() {
		list.Index(i).Set(value.Index(i).Convert(field.Type().Elem()))
	}
	field.Set(list)
}

func (k kind) listType() reflect.Type {
	switch k.element {
	case reflect.Int64:
		return reflect.TypeFor[[]int64]()
	case reflect.Float64:
		return reflect.TypeFor[[]float64]()
	}
	return reflect.TypeFor[[]string]()
}

func (k kind) fits(t reflect.Type, v any) error {
	if k.list {
		t = t.Elem()
	}
	for _, e := range elements(v) {
		switch e := e.(type) {
		case int64:
			if reflect.Zero(t).OverflowInt(e) {
				return errors.New("is too large for this machine")
			}
		case float64:
			if math.IsNaN(e) || math.IsInf(e, 0) {
				return errors.New("must be a finite number")
			}
		case string:
			if !utf8.ValidString(e) {
				return errors.New("must be UTF-8 text")
			}
		}
	}
	return nil
}

func elements(v any) []any {
	value := reflect.ValueOf(v)
	if value.Kind() != reflect.Slice {
		return []any{v}
	}
	list := make([]any, value.Len())
	for i := range list {
		list[i] = value.Index(i).Interface()
	}
	return list
}

// text is a value as flags and the environment give it.
type text string

// convert reads raw, a text or what a TOML parser returns, as a value of that kind.
func convert(k kind, raw any) (any, error) {
	if !k.list {
		return convertOne(k, raw)
	}
	var parts []any
	switch raw := raw.(type) {
	case text:
		if strings.TrimSpace(string(raw)) != "" {
			for part := range strings.SplitSeq(string(raw), ",") {
				parts = append(parts, text(strings.TrimSpace(part)))
			}
		}
	case []any:
		parts = raw
	default:
		return nil, fmt.Errorf("must be a %s", k)
	}
	list := reflect.MakeSlice(k.listType(), 0, len(parts))
	for _, part := range parts {
		v, err := convertOne(kind{element: k.element}, part)
		if err != nil {
			return nil, fmt.Errorf("must be a %s", k)
		}
		list = reflect.Append(list, reflect.ValueOf(v))
	}
	return list.Interface(), nil
}

func convertOne(k kind, raw any) (any, error) {
	if s, ok := raw.(text); ok {
		return parse(k, string(s))
	}
	switch v := raw.(type) {
	case string:
		if k.isTime || k.element == reflect.String {
			return parse(k, v)
		}
	case int64:
		switch {
		case k.element == reflect.Float64:
			return float64(v), nil
		case k.element == reflect.Int64 && !k.isTime:
			return v, nil
		}
	case float64:
		if k.element == reflect.Float64 {
			return v, nil
		}
	case bool:
		if k.element == reflect.Bool {
			return v, nil
		}
	}
	return nil, k.wanted()
}

func parse(k kind, s string) (any, error) {
	switch {
	case k.isTime:
		if v, err := time.ParseDuration(s); err == nil {
			return v, nil
		}
	case k.element == reflect.Int64:
		v, err := strconv.ParseInt(s, 10, 64)
		if err == nil {
			return v, nil
		}
		if errors.Is(err, strconv.ErrRange) {
			return nil, errors.New("does not fit in 64 bits")
		}
	case k.element == reflect.Float64:
		if v, err := strconv.ParseFloat(s, 64); err == nil {
			return v, nil
		}
	case k.element == reflect.Bool:
		if s == "true" || s == "false" {
			return s == "true", nil
		}
	default:
		return s, nil
	}
	return nil, k.wanted()
}

func (k kind) wanted() error {
	switch {
	case k.isTime:
		return errors.New(`must be a duration such as "90s", "10m" or "1h30m"`)
	case k.element == reflect.Int64:
		return errors.New("must be a whole number")
	case k.element == reflect.Float64:
		return errors.New("must be a number")
	case k.element == reflect.Bool:
		return errors.New("must be true or false")
	}
	return errors.New("must be text")
}

// Notation writes a value as TOML does. Reading it back gives the same value, floats to the bit.
func Notation(v any) string {
	switch v := v.(type) {
	case string:
		return quote(v)
	case time.Duration:
		return quote(shortTime(v))
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(s, ".en") { // n: of nan and inf
			s += ".0"
		}
		return s
	case []int64, []float64, []string:
		var parts []string
		for _, e := range elements(v) {
			parts = append(parts, Notation(e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// quote writes a basic string of TOML. JSON's escapes are TOML's, but for DEL, which TOML wants escaped.
func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string into memory cannot fail
	return strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\x7f", `\u007f`)
}

// shortTime is 10m where time.Duration says 10m0s.
func shortTime(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// plain is v as JSON should show it.
func plain(v any) any {
	if d, ok := v.(time.Duration); ok {
		return shortTime(d)
	}
	return v
}

// limits are what a value, or each element of a list, must keep to.
type limits struct {
	min, max, above, below any // nil: none
	in                     []any
	free                   string
}

func parseLimits(k kind, tag reflect.StructTag) (limits, error) {
	l := limits{free: tag.Get("free")}
	element := k
	element.list = false
	for name, bound := range map[string]*any{"min": &l.min, "max": &l.max, "above": &l.above, "below": &l.below} {
		s, ok := tag.Lookup(name)
		if !ok {
			continue
		}
		if k.element != reflect.Int64 && k.element != reflect.Float64 {
			return l, fmt.Errorf("is %s and cannot have the bound %s", k, name)
		}
		v, err := parse(element, s)
		if err != nil {
			return l, fmt.Errorf("bound %s:%q %w", name, s, err)
		}
		*bound = v
	}
	if s, ok := tag.Lookup("in"); ok {
		for part := range strings.SplitSeq(s, ",") {
			v, err := parse(element, strings.TrimSpace(part))
			if err != nil {
				return l, fmt.Errorf("choice %q %w", part, err)
			}
			l.in = append(l.in, v)
		}
	}
	return l, nil
}

func (l limits) none() bool {
	return l.min == nil && l.max == nil && l.above == nil && l.below == nil && l.in == nil && l.free == ""
}

func (l limits) allow(v any) bool {
	for _, e := range elements(v) {
		if f, ok := e.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
			return false
		}
		if l.min != nil && compare(e, l.min) < 0 || l.max != nil && compare(e, l.max) > 0 ||
			l.above != nil && compare(e, l.above) <= 0 || l.below != nil && compare(e, l.below) >= 0 ||
			l.in != nil && !slices.Contains(l.in, e) {
			return false
		}
	}
	return true
}

func compare(a, b any) int {
	switch a := a.(type) {
	case int64:
		return cmp.Compare(a, b.(int64))
	case time.Duration:
		return cmp.Compare(a, b.(time.Duration))
	}
	return cmp.Compare(a.(float64), b.(float64))
}

// words says what is allowed: of a value, or of each element of a list.
func (l limits) words(k kind) string {
	var parts []string
	if l.in != nil {
		parts = append(parts, "one of "+strings.Join(shown(l.in), ", "))
	}
	if l.min != nil && l.max != nil {
		parts = append(parts, bare(l.min)+" to "+bare(l.max))
	} else {
		for _, b := range []struct {
			words string
			bound any
		}{{"at least ", l.min}, {"at most ", l.max}} {
			if b.bound != nil {
				parts = append(parts, b.words+bare(b.bound))
			}
		}
	}
	if l.above != nil {
		parts = append([]string{"above " + bare(l.above)}, parts...)
	}
	if l.below != nil {
		parts = append(parts, "below "+bare(l.below))
	}
	if l.free != "" {
		parts = append(parts, l.free)
	}
	if k.element == reflect.Bool && len(parts) == 0 {
		return "true or false"
	}
	words := strings.Join(parts, ", ")
	if words == l.free && k.element == reflect.Float64 {
		return words + ", finite"
	}
	return words
}

func shown(list []any) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = bare(v)
	}
	return out
}

// bare is a value as one types it after --set.
func bare(v any) string {
	switch v := v.(type) {
	case string:
		if v == "" {
			return `""`
		}
		return v
	case time.Duration:
		return shortTime(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []int64, []float64, []string:
		return strings.Join(shown(elements(v)), ",")
	}
	return fmt.Sprint(v)
}
