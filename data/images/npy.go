package images

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// NumPy's own format is read and written here rather than by npyio, whose reader panics on a damaged header and whose writer
// knows no shape beyond two axes. The tests hold both against it.

var errNotNumbers = errors.New("it does not hold plain numbers")

var (
	npyDescr   = regexp.MustCompile(`'descr':\s*'([<>|=]?)([a-zA-Z?])(\d*)'`)
	npyFortran = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	npyShape   = regexp.MustCompile(`'shape':\s*\(([\d\s,L]*)\)`)
)

const npyMagic = "\x93NUMPY"

// readNPY reads an array of numbers, versions 1 to 3 of the format
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
func readNPY(name string, raw []byte) (array, error) {
	head, body, err := cutNPY(raw)
	if err != nil {
		return array{}, fmt.Errorf("%s: %w", name, err)
	}
	descr, fortran, shape := npyDescr.FindStringSubmatch(head), npyFortran.FindStringSubmatch(head), npyShape.FindStringSubmatch(head)
	if fortran == nil || shape == nil || descr == nil {
		return array{}, fmt.Errorf("%s: %w", name, errNotNumbers)
	}
	a := array{name: name, order: binary.LittleEndian, fortran: fortran[1] == "True", raw: body}
	if descr[1] == ">" {
		a.order = binary.BigEndian
	}
	switch number := descr[2] + descr[3]; number {
	case "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8", "b1":
		a.kind, a.size = kind(number[0]), int(number[1]-'0')
	case "?":
		a.kind, a.size = boolean, 1
	default:
		return array{}, fmt.Errorf("%s: numbers of type %s: %w", name, number, errNotNumbers)
	}
	for d := range strings.SplitSeq(shape[1], ",") {
		if d = strings.TrimSuffix(strings.TrimSpace(d), "L"); d == "" {
			continue
		}
		n, err := strconv.Atoi(d)
		if err != nil {
			return array{}, fmt.Errorf("%s: its shape has %q", name, d)
		}
		a.dims = append(a.dims, n)
	}
	return newArray(a)
}

// cutNPY separates the header, a Python dictionary, from the numbers.
func cutNPY(raw []byte) (head string, body []byte, err error) {
	cut := errors.New("the file is cut short in its header")
	if len(raw) < 12 {
		return "", nil, cut
	}
	if string(raw[:6]) != npyMagic {
		return "", nil, errors.New("it does not begin as a .npy file")
	}
	at, length := 10, int64(binary.LittleEndian.Uint16(raw[8:]))
	switch raw[6] {
	case 1:
	case 2, 3:
		at, length = 12, int64(binary.LittleEndian.Uint32(raw[8:]))
	default:
		return "", nil, fmt.Errorf("version %d of the .npy format is not known", raw[6])
	}
	if length > int64(len(raw)-at) {
		return "", nil, cut
	}
	return string(raw[at : int64(at)+length]), raw[int64(at)+length:], nil
}

// writeNPYHeader writes what comes before the numbers, padded so that they begin at a multiple of 64.
func writeNPYHeader(w io.Writer, descr string, dims []int) error {
	shape := strings.Builder{}
	for _, d := range dims {
		fmt.Fprintf(&shape, "%d, ", d)
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, strings.TrimSuffix(shape.String(), " "))
	pad := 64 - (10+len(head)+1)%64
	head += strings.Repeat(" ", pad%64) + "\n"
	out := binary.LittleEndian.AppendUint16([]byte(npyMagic+"\x01\x00"), uint16(len(head)))
	_, err := w.Write(append(out, head...))
	return err
}
