package images

import (
	"bytes"
	"encoding/binary"
)

// orientation is how the camera was held, as EXIF has it: 1 to 8; 1 (upright) where the file does not say or cannot be
// understood, because a picture is not broken for that.
//
// Only this one number is wanted, so it is read here: the general reader goexif follows the chain of directories without
// noticing a circle, and one hostile file would stop the run.
func orientation(format string, raw []byte) int {
	block := exifBlock(format, raw)
	var order binary.ByteOrder = binary.LittleEndian
	if bytes.HasPrefix(block, []byte("MM")) {
		order = binary.BigEndian
	}
	if len(block) < 8 || order.Uint16(block[2:]) != 42 {
		return 1
	}
	at := uint64(order.Uint32(block[4:])) // of the first directory; only it describes the picture itself
	if at+2 > uint64(len(block)) {
		return 1
	}
	tags := uint64(order.Uint16(block[at:]))
	for tag := at + 2; tag < at+2+12*tags && tag+12 <= uint64(len(block)); tag += 12 {
		const id, short = 0x0112, 3
		if order.Uint16(block[tag:]) == id && order.Uint16(block[tag+2:]) == short {
			if v := order.Uint16(block[tag+8:]); v >= 1 && v <= 8 {
				return int(v)
			}
		}
	}
	return 1
}

// exifBlock finds the TIFF structure that holds EXIF's tags, nil if there is none.
func exifBlock(format string, raw []byte) []byte {
	switch format {
	case "TIFF":
		return raw
	case "JPEG":
		return exifOfJPEG(raw)
	case "PNG":
		return chunk(raw, 8, binary.BigEndian, "eXIf", true, 4)
	case "WebP":
		return bytes.TrimPrefix(chunk(raw, 12, binary.LittleEndian, "EXIF", false, 0), exifIntro)
	}
	return nil
}

var exifIntro = []byte("Exif\x00\x00")

// exifOfJPEG looks at the segments before the picture: FF, a marker, and the length that counts itself.
func exifOfJPEG(raw []byte) []byte {
	const app1, startOfScan = 0xe1, 0xda
	for at := 2; at+4 <= len(raw) && raw[at] == 0xff; {
		marker := raw[at+1]
		if marker == 0xff { // filling
			at++
			continue
		}
		length := int(binary.BigEndian.Uint16(raw[at+2:]))
		if marker == startOfScan || length < 2 || at+2+length > len(raw) {
			return nil
		}
		if body := raw[at+4 : at+2+length]; marker == app1 && bytes.HasPrefix(body, exifIntro) {
			return body[len(exifIntro):]
		}
		at += 2 + length
	}
	return nil
}

// chunk finds a chunk of a PNG (length, name, body, checksum) or of a RIFF file (name, length, body, even).
func chunk(raw []byte, at int, order binary.ByteOrder, name string, lengthFirst bool, after int) []byte {
	for at+8 <= len(raw) {
		id, length := raw[at:at+4], uint64(order.Uint32(raw[at+4:]))
		if lengthFirst {
			id, length = raw[at+4:at+8], uint64(order.Uint32(raw[at:]))
		} else {
			length += length & 1
		}
		at += 8
		if length > uint64(len(raw)-at) {
			return nil
		}
		if string(id) == name {
			return raw[at : at+int(length)]
		}
		at += int(length) + after
	}
	return nil
}
