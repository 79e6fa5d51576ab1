package run

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image/color"
	"image/png"
	"io/fs"
	"math"
	"os"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Events writes what TensorBoard shows: numbers and pictures by name and round, to a file of its own for each time that
// training starts or goes on. A failed write does not stop training's own files; it is reported and then all later writes
// report it too.
type Events struct {
	file *os.File
	err  error
}

// The fields of TensorFlow's messages that are used here (tensorflow/core/util/event.proto, framework/summary.proto).
const (
	eventWallTime    protowire.Number = 1 // double, seconds
	eventStep        protowire.Number = 2 // int64
	eventFileVersion protowire.Number = 3 // string
	eventSummary     protowire.Number = 5 // Summary
	eventSessionLog  protowire.Number = 7 // SessionLog

	sessionStatus protowire.Number = 1 // enum; START is 1

	summaryValue protowire.Number = 1 // repeated Value

	valueTag    protowire.Number = 1 // string
	valueSimple protowire.Number = 2 // float
	valueImage  protowire.Number = 4 // Image

	imageHeight     protowire.Number = 1 // int32
	imageWidth      protowire.Number = 2 // int32
	imageColorspace protowire.Number = 3 // int32: 1 grey, 3 RGB, 4 RGBA
	imageEncoded    protowire.Number = 4 // bytes, PNG
)

// fileVersion is the only one there is; at it, a SessionLog of status START purges what earlier files say of its step and
// later ones.
const fileVersion = "brain.Event:2"

// OpenEvents starts an event file; training goes on after the round after (-1: it starts). What earlier files say of later
// rounds is then passed over by TensorBoard. The lock must be held.
func (r *Run) OpenEvents(after int, now time.Time) (*Events, error) {
	if err := r.mustHold(); err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	var f *os.File
	for n := 0; ; n++ {
		var err error
		name := r.Path(fmt.Sprintf("events.out.tfevents.%010d.%s.%d.%d", now.Unix(), slug(host), os.Getpid(), n))
		if f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("run: %w", advise(err))
		}
	}
	e := &Events{file: f}
	start := protowire.AppendVarint(protowire.AppendTag(nil, sessionStatus, protowire.VarintType), 1)
	err := errors.Join(
		e.write(now, 0, eventFileVersion, []byte(fileVersion)),
		e.write(now, after+1, eventSessionLog, start))
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return e, nil
}

// Record writes the numbers of a record as scalars, but for the wall-clock fields. They are float32 in this format; NaN and
// infinities stay what they are.
func (e *Events) Record(r Record, now time.Time) error {
	var summary []byte
	for _, f := range r.WithoutWall().Fields {
		v, ok := number(f.Value)
		if !ok {
			continue
		}
		value := appendText(nil, valueTag, f.Name)
		value = protowire.AppendTag(value, valueSimple, protowire.Fixed32Type)
		value = protowire.AppendFixed32(value, math.Float32bits(float32(v)))
		summary = appendBytes(summary, summaryValue, value)
	}
	if summary == nil {
		return nil
	}
	return e.write(now, r.Round, eventSummary, summary)
}

// Image writes a picture, which must be a PNG.
func (e *Events) Image(tag string, round int, picture []byte, now time.Time) error {
	c, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return fmt.Errorf("run: picture %q of round %d is not a PNG: %w", tag, round, err)
	}
	var image []byte
	for _, f := range []struct {
		field protowire.Number
		value int
	}{{imageHeight, c.Height}, {imageWidth, c.Width}, {imageColorspace, colorspace(c.ColorModel)}} {
		image = protowire.AppendVarint(protowire.AppendTag(image, f.field, protowire.VarintType), uint64(f.value))
	}
	image = appendBytes(image, imageEncoded, picture)
	value := appendBytes(appendText(nil, valueTag, tag), valueImage, image)
	return e.write(now, round, eventSummary, appendBytes(nil, summaryValue, value))
}

func colorspace(m color.Model) int {
	switch m {
	case color.GrayModel, color.Gray16Model:
		return 1
	case color.NRGBAModel, color.NRGBA64Model:
		return 4
	}
	return 3
}

// Close syncs and closes.
func (e *Events) Close() error {
	if err := errors.Join(e.file.Sync(), e.file.Close()); err != nil {
		return fmt.Errorf("run: %w", advise(err))
	}
	return nil
}

// write appends one event with one payload.
func (e *Events) write(now time.Time, step int, what protowire.Number, payload []byte) error {
	if e.err != nil {
		return e.err
	}
	event := protowire.AppendTag(nil, eventWallTime, protowire.Fixed64Type)
	event = protowire.AppendFixed64(event, math.Float64bits(float64(now.UnixNano())/1e9))
	event = protowire.AppendVarint(protowire.AppendTag(event, eventStep, protowire.VarintType), uint64(step))
	event = appendBytes(event, what, payload)
	if _, err := e.file.Write(frame(event)); err != nil {
		e.err = fmt.Errorf("run: %w", advise(err))
	}
	return e.err
}

// frame wraps a message as TFRecord does: its length, a checksum of the length, the message, a checksum of it.
func frame(message []byte) []byte {
	out := make([]byte, 0, len(message)+16)
	out = binary.LittleEndian.AppendUint64(out, uint64(len(message)))
	out = binary.LittleEndian.AppendUint32(out, maskedCRC(out))
	out = append(out, message...)
	return binary.LittleEndian.AppendUint32(out, maskedCRC(message))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedCRC is TensorFlow's: CRC-32C, rotated and shifted so that a checksum of data with checksums in it stays a good one
// (tensorflow/core/lib/hash/crc32c.h).
func maskedCRC(b []byte) uint32 {
	crc := crc32.Checksum(b, castagnoli)
	return (crc>>15 | crc<<17) + 0xa282ead8
}

func appendBytes(b []byte, field protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), v)
}

// appendText writes a string; protobuf takes UTF-8 alone.
func appendText(b []byte, field protowire.Number, s string) []byte {
	return appendBytes(b, field, []byte(strings.ToValidUTF8(s, "\uFFFD")))
}
