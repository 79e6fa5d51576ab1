// Command pack makes the sets that are embedded in package sets out of their originals, which lie beside a checkout
// in ../shared/data: Fashion-MNIST's four files, and Noto's emoji with their table. It also lists the checksums of the sets
// that are fetched and whose originals lie there. The same originals give the same files; a test compares them with what is
// checked in.
//
//	go generate ./data/sets
package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	log.SetFlags(0)
	from := flag.String("from", "../../../shared/data", "folder of the originals")
	to := flag.String("to", ".", "folder of package sets")
	flag.Parse()
	files, err := pack(*from)
	if err != nil {
		log.Fatal(err)
	}
	for name, raw := range files {
		if err := os.WriteFile(filepath.Join(*to, name), raw, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// pack returns the embedded files by name.
func pack(from string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, part := range []struct {
		name     string
		perClass int
	}{{"train", 1000}, {"t10k", 200}} {
		images, labels, err := fashion(filepath.Join(from, "fashion-mnist"), part.name, part.perClass)
		if err != nil {
			return nil, err
		}
		files["fashion/"+part.name+"-images-idx3-ubyte.gz"] = compress(images)
		files["fashion/"+part.name+"-labels-idx1-ubyte.gz"] = compress(labels)
	}
	table, err := readTable(filepath.Join(from, "emoji", "emoji.csv"))
	if err != nil {
		return nil, err
	}
	if files["emoji/emoji.zip"], err = zipOf(filepath.Join(from, "emoji", "noto"), table["noto"]); err != nil {
		return nil, err
	}
	for _, design := range []string{"noto", "twemoji"} {
		if files["manifests/"+design+".txt"], err = sums(filepath.Join(from, "emoji", design), table[design]); err != nil {
			return nil, err
		}
	}
	fruits, err := pictures(filepath.Join(from, "fruits-100"))
	if err != nil {
		return nil, err
	}
	files["manifests/fruits-100.txt"], err = sums(filepath.Join(from, "fruits-100"), fruits)
	return files, err
}

// picture is a file of the originals and its place in the set that is made of it.
type picture struct{ file, place string }

// fashion keeps the first perClass pictures of each of the ten classes, in their order, as IDX.
func fashion(dir, part string, perClass int) (images, labels []byte, err error) {
	const classes, size = 10, 28 * 28
	allImages, err := unpack(filepath.Join(dir, part+"-images-idx3-ubyte.gz"))
	if err != nil {
		return nil, nil, err
	}
	allLabels, err := unpack(filepath.Join(dir, part+"-labels-idx1-ubyte.gz"))
	if err != nil {
		return nil, nil, err
	}
	allImages, allLabels = allImages[16:], allLabels[8:]
	n := uint32(classes * perClass)
	images = binary.BigEndian.AppendUint32([]byte{0, 0, 8, 3}, n)
	images = binary.BigEndian.AppendUint32(images, 28)
	images = binary.BigEndian.AppendUint32(images, 28)
	labels = binary.BigEndian.AppendUint32([]byte{0, 0, 8, 1}, n)
	var have [classes]int
	for i, class := range allLabels {
		if have[class] < perClass {
			have[class]++
			images = append(images, allImages[i*size:(i+1)*size]...)
			labels = append(labels, class)
		}
	}
	if len(labels) != 8+int(n) {
		return nil, nil, fmt.Errorf("%s: %d pictures in %s, wanted %d", dir, len(labels)-8, part, n)
	}
	return images, labels, nil
}

// readTable reads which emoji each design has, and puts each into a folder named after its group.
func readTable(name string) (map[string][]picture, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	file, group := slices.Index(rows[0], "file"), slices.Index(rows[0], "group")
	table := map[string][]picture{}
	for _, design := range []string{"noto", "twemoji"} {
		has := slices.Index(rows[0], design)
		for _, row := range rows[1:] {
			if row[has] == "1" {
				table[design] = append(table[design], picture{row[file], row[group] + "/" + row[file]})
			}
		}
	}
	return table, nil
}

// zipOf stores pictures as they are. They are compressed already, so the archive does not compress and depends on no version of any
// compressor.
func zipOf(dir string, pictures []picture) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, p := range pictures {
		raw, err := os.ReadFile(filepath.Join(dir, p.file))
		if err != nil {
			return nil, err
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: p.place, Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(raw); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// sums lists the SHA-256 of each picture, as sha256sum does.
func sums(dir string, pictures []picture) ([]byte, error) {
	var out bytes.Buffer
	for _, p := range pictures {
		raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(p.file)))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(raw), p.place)
	}
	return out.Bytes(), nil
}

// pictures are the JPEG files under a folder, by name.
func pictures(dir string) (found []picture, err error) {
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".jpg" {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		rel = filepath.ToSlash(rel)
		found = append(found, picture{rel, rel})
		return err
	})
	return found, err
}

func unpack(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func compress(raw []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // an error is for a level that does not exist
	z.Write(raw)
	z.Close()
	return out.Bytes()
}
