package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// makeData writes test data:
//
//	pictures DIR N SIDE [SEED]   N different PNG files
//	grey DIR N SIDE [SEED]       N different PNG files without colour
//	beside DIR N SIDE            N different PNG files of 2 SIDE x SIDE
//	same DIR N SIDE              N equal ones
//	huge FILE SIDE               a PNG whose header claims SIDE x SIDE, and nothing more
//	cut FILE                     a JPEG without its second half
//	evil FILE                    a zip whose entries leave the folder
//	zip FILE DIR                 a zip of a folder
//	idx FILE CLAIM N             an IDX file of 8x8 pictures that claims to hold CLAIM and has N
//	flip FILE                    the file with a bit of its middle flipped
func makeData(args []string) error {
	number := func(i int) int {
		n, _ := strconv.Atoi(args[i]) // a typo makes nothing, and the script fails
		return n
	}
	switch args[0] {
	case "pictures", "grey":
		seed := 0
		if len(args) > 4 {
			seed = number(4)
		}
		if args[0] == "grey" {
			return makeGrey(args[1], number(2), number(3), uint64(seed))
		}
		return makePictures(args[1], number(2), number(3), uint64(seed), 1)
	case "beside":
		return makeBeside(args[1], number(2), number(3))
	case "same":
		return makePictures(args[1], number(2), number(3), 0, 0)
	case "huge":
		return os.WriteFile(args[1], hugePNG(uint32(number(2))), 0o666)
	case "cut":
		return makeCut(args[1])
	case "evil":
		return makeZip(args[1], map[string][]byte{"../../evil.png": onePNG(picture(8, 1)), "/abs.png": onePNG(picture(8, 2))})
	case "zip":
		return zipFolder(args[1], args[2])
	case "idx":
		header := []byte{0, 0, 8, 3}
		for _, n := range []int{number(2), 8, 8} {
			header = binary.BigEndian.AppendUint32(header, uint32(n))
		}
		return os.WriteFile(args[1], append(header, make([]byte, 64*number(3))...), 0o666)
	case "flip":
		content, err := os.ReadFile(args[1])
		if err != nil {
			return err
		}
		content[len(content)/2] ^= 1
		return os.WriteFile(args[1], content, 0o666)
	}
	return fmt.Errorf("there is no kind %q", args[0])
}

// picture is a disc of a colour and place that depend on the seed.
func picture(side int, seed uint64) image.Image {
	random := rand.New(rand.NewPCG(seed, 1))
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	ink := color.NRGBA{uint8(random.IntN(256)), uint8(random.IntN(256)), uint8(random.IntN(256)), 255}
	x0, y0, r := random.IntN(side), random.IntN(side), 1+random.IntN(side)
	for y := range side {
		for x := range side {
			img.Set(x, y, color.White)
			if (x-x0)*(x-x0)+(y-y0)*(y-y0) < r*r {
				img.Set(x, y, ink)
			}
		}
	}
	return img
}

func onePNG(img image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // in memory
	}
	return b.Bytes()
}

func makePictures(dir string, n, side int, seed, step uint64) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for i := range n {
		name := filepath.Join(dir, fmt.Sprintf("%03d.png", i))
		if err := os.WriteFile(name, onePNG(picture(side, 1000*seed+step*uint64(i))), 0o666); err != nil {
			return err
		}
	}
	return nil
}

func makeGrey(dir string, n, side int, seed uint64) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for i := range n {
		grey := image.NewGray(image.Rect(0, 0, side, side))
		draw.Draw(grey, grey.Bounds(), picture(side, 1000*seed+uint64(i)), image.Point{}, draw.Src)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("grey%03d.png", i)), onePNG(grey), 0o666); err != nil {
			return err
		}
	}
	return nil
}

func makeBeside(dir string, n, side int) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for i := range n {
		both := image.NewNRGBA(image.Rect(0, 0, 2*side, side))
		for half := range 2 {
			draw.Draw(both, image.Rect(half*side, 0, (half+1)*side, side), picture(side, uint64(2*i+half)), image.Point{}, draw.Src)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.png", i)), onePNG(both), 0o666); err != nil {
			return err
		}
	}
	return nil
}

func hugePNG(side uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	header := append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), side), side), 8, 2, 0, 0, 0)
	return binary.BigEndian.AppendUint32(append(b, header...), crc32.ChecksumIEEE(header))
}

func makeCut(path string) error {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture(64, 3), nil); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes()[:b.Len()/2], 0o666)
}

func makeZip(path string, files map[string][]byte) error {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range files {
		w, err := z.Create(name)
		if err != nil {
			return err
		}
		w.Write(content) // in memory
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o666)
}

func zipFolder(path, dir string) error {
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[strings.TrimPrefix(filepath.ToSlash(name), filepath.ToSlash(dir)+"/")], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		return err
	}
	return makeZip(path, files)
}
