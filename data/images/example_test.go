package images_test

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"

	"github.com/ganymede-gan/ganymede/data"
	"github.com/ganymede-gan/ganymede/data/images"
)

// A folder of pictures, one folder a class, becomes batches; a batch becomes a contact sheet.
func Example() {
	dir, err := os.MkdirTemp("", "pictures")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	for i := range 40 { // twenty dark and twenty light squares
		class := []string{"dark", "light"}[i/20]
		os.MkdirAll(filepath.Join(dir, class), 0o755)
		img := image.NewGray(image.Rect(0, 0, 40, 30))
		for p := range img.Pix {
			img.Pix[p] = uint8(i * 6)
		}
		f, _ := os.Create(filepath.Join(dir, class, fmt.Sprintf("%02d.png", i)))
		png.Encode(f, img)
		f.Close()
	}

	ctx := context.Background()
	survey, err := images.Scan(ctx, dir, images.ScanOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Println(survey.Pictures, survey.Sizes[0], survey.Kinds, survey.Classes)

	set, err := survey.Load(ctx, images.Options{Side: 16, Holdout: 0.05, Memory: 64, Cache: "none"}, nil)
	if err != nil {
		panic(err)
	}
	batch := data.Batch{}
	order := data.NewOrder(1, "pictures", set.Train.Len())
	if err := set.Train.Read(ctx, order.Indices(0, 8), batch); err != nil {
		panic(err)
	}
	fmt.Println(set.Train.Len(), set.HeldOut.Len(), batch[data.Pictures].Shape, len(batch[data.Labels].Int))

	sheet, err := set.Codec.(images.Codec).Sheet(batch[data.Pictures], 4)
	if err != nil {
		panic(err)
	}
	fmt.Println(sheet.Bounds().Size(), color.GrayModel.Convert(sheet.At(0, 0)))
	// Output:
	// 40 {40 30 40} map[grey:40] [{dark 20 0} {light 20 0}]
	// 36 4 [8 16 16 1] 8
	// (74,38) {32}
}
